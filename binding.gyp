{
  "variables": { "hpr_sources%": "" },
  "targets": [
    {
      "target_name": "headless_pid_registry",
      "sources": [
        "src/addon/addon.cc",
        "src/addon/call.cc",
        "src/addon/errands.cc",
        "src/addon/keeper_sockets.cc",
        "src/addon/pidfile_reader.cc",
        "src/addon/process_survey.cc",
        "src/addon/registry_guest.cc",
        "src/addon/registry_host.cc",
        "src/addon/registry_object.cc",
        "src/addon/snapshot.cc",
        "src/addon/values.cc",
        "src/base/buffer.c",
        "src/base/error.c",
        "src/base/text.c",
        "src/core/act.c",
        "src/core/agent.c",
        "src/core/census.c",
        "src/core/decide.c",
        "src/core/end.c",
        "src/core/ending.c",
        "src/core/entry.c",
        "src/core/exit.c",
        "src/core/filter.c",
        "src/core/folder.c",
        "src/core/forget.c",
        "src/core/guest.c",
        "src/core/heal.c",
        "src/core/index.c",
        "src/core/judge.c",
        "src/core/keepers.c",
        "src/core/kinship.c",
        "src/core/ledger.c",
        "src/core/link.c",
        "src/core/orphans.c",
        "src/core/others.c",
        "src/core/outbox.c",
        "src/core/owners.c",
        "src/core/register.c",
        "src/core/registry.c",
        "src/core/state.c",
        "src/core/table.c",
        "src/core/tokens.c",
        "src/core/tree.c",
        "src/core/turn.c",
        "src/core/watch.c",
        "src/platform/descent.c",
        "src/platform/explain.c",
        "src/platform/found.c",
        "src/platform/held.c",
        "src/platform/identity.c",
        "src/platform/list.c",
        "src/platform/listener.c",
        "src/platform/mark.c",
        "src/platform/process.c",
        "src/platform/tree.c",
        "src/store/document.c",
        "src/store/json.c",
        "src/store/lines.c",
        "src/store/ownerfile.c",
        "src/store/pidfile.c",
        "src/store/replace.c",
        "src/store/row.c",
        "src/store/row_read.c",
        "src/store/row_write.c",
        "src/store/scan.c",
        "src/store/signal_name.c",
        "src/store/timestamp.c",
        "src/store/writelock.c"
      ],
      "include_dirs": ["src"],
      "dependencies": [
        "<!(node -p \"require('node-addon-api').targets\"):node_addon_api"
      ],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["-Wall", "-Wextra", "-ffunction-sections", "-fdata-sections"],
      "cflags_c": ["-std=c11"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions"],
      "conditions": [
        ["hpr_sources==''", {
          "libraries": ["-lcjson"]
        }, {
          "sources": ["<(hpr_sources)/cjson/cJSON.c"],
          "include_dirs": ["<(hpr_sources)"],
          "cflags": ["-fvisibility=hidden"],
          "conditions": [
            ["OS=='linux'", {
              "ldflags": [
                "-static-libstdc++",
                "-static-libgcc",
                "-s",
                "-Wl,--gc-sections",
                "-Wl,--version-script=../src/addon/exports.map"
              ]
            }]
          ]
        }],
        ["OS=='linux'", {
          "defines": ["_GNU_SOURCE"],
          "sources": [
            "src/platform/linux/exchange.c",
            "src/platform/linux/folder.c",
            "src/platform/linux/leave.c",
            "src/platform/linux/modified.c",
            "src/platform/linux/ofd.c",
            "src/platform/linux/pidfd.c",
            "src/platform/linux/procfs.c",
            "src/platform/linux/shared.c",
            "src/platform/linux/stream.c",
            "src/platform/linux/survey.c",
            "src/platform/linux/system.c",
            "src/platform/linux/watch.c",
            "src/platform/linux/words.c",
            "src/platform/posix/bytes.c",
            "src/platform/posix/clock.c",
            "src/platform/posix/connection.c",
            "src/platform/posix/errand.c",
            "src/platform/posix/errors.c",
            "src/platform/posix/file.c",
            "src/platform/posix/pids.c"
          ]
        }],
        ["OS=='mac'", {
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_C_LANGUAGE_STANDARD": "c11",
            "DEAD_CODE_STRIPPING": "YES",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0"
          },
          "sources": [
            "src/platform/darwin/bsdinfo.c",
            "src/platform/darwin/exchange.c",
            "src/platform/darwin/folder.c",
            "src/platform/darwin/leave.c",
            "src/platform/darwin/modified.c",
            "src/platform/darwin/ofd.c",
            "src/platform/darwin/shared.c",
            "src/platform/darwin/stream.c",
            "src/platform/darwin/survey.c",
            "src/platform/darwin/system.c",
            "src/platform/darwin/watch.c",
            "src/platform/darwin/words.c",
            "src/platform/posix/bytes.c",
            "src/platform/posix/clock.c",
            "src/platform/posix/connection.c",
            "src/platform/posix/errand.c",
            "src/platform/posix/errors.c",
            "src/platform/posix/file.c",
            "src/platform/posix/pids.c"
          ]
        }],
        ["OS=='win'", {
          "defines": ["CJSON_HIDE_SYMBOLS", "_WIN32_WINNT=0x0A00"],
          "libraries": ["-lntdll"],
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c11", "/utf-8"] } },
          "sources": [
            "src/platform/windows/connection.c",
            "src/platform/windows/errand.c",
            "src/platform/windows/errors.c",
            "src/platform/windows/file.c",
            "src/platform/windows/fileinfo.c",
            "src/platform/windows/folder.c",
            "src/platform/windows/handle.c",
            "src/platform/windows/kin.c",
            "src/platform/windows/pause.c",
            "src/platform/windows/privacy.c",
            "src/platform/windows/rename.c",
            "src/platform/windows/self.c",
            "src/platform/windows/snapshot.c",
            "src/platform/windows/survey.c",
            "src/platform/windows/system.c",
            "src/platform/windows/ticks.c",
            "src/platform/windows/token.c",
            "src/platform/windows/watch.c",
            "src/platform/windows/wide.c"
          ]
        }]
      ]
    }
  ]
}
