#include "windows/children.h"

#include <windows.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "support/wait.h"

namespace {

constexpr DWORD kPatienceMs = static_cast<DWORD>(std::chrono::milliseconds(kPatience).count());

constexpr int kStarts = 3;
constexpr DWORD kStartPauseMs = 50;

std::wstring Widen(const std::string &text) {
  std::wstring wide(text.size() + 1, L'\0');
  const int length =
      MultiByteToWideChar(CP_UTF8, 0, text.c_str(), -1, wide.data(), static_cast<int>(wide.size()));
  wide.resize(length > 0 ? static_cast<size_t>(length) - 1 : 0);
  return wide;
}

/* The words of roles hold no quotes, and no backslash before one. */
std::wstring CommandLine(const std::vector<std::string> &role) {
  wchar_t program[MAX_PATH];
  GetModuleFileNameW(nullptr, program, MAX_PATH);
  std::wstring line = L"\"" + std::wstring(program) + L"\" --role";
  for (const std::string &word : role) line += L" \"" + Widen(word) + L"\"";
  return line;
}

PROCESS_INFORMATION Start(const std::vector<std::string> &role, HANDLE output, DWORD flags) {
  std::wstring line = CommandLine(role);
  STARTUPINFOW startup = {};
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdOutput = output;
  startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  PROCESS_INFORMATION made = {};
  /* Once in thousands Wine refuses in a storm of short-lived processes. */
  for (int i = 0; i < kStarts; i++) {
    if (CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE, flags, nullptr, nullptr,
                       &startup, &made))
      return made;
    Sleep(kStartPauseMs);
  }
  throw std::runtime_error("CreateProcessW: " + std::to_string(GetLastError()));
}

/* Whoever is in it ends with the last handle of it. */
HANDLE MakeJob() {
  const HANDLE job = CreateJobObjectW(nullptr, nullptr);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  return job;
}

int32_t ReadLine(HANDLE input) {
  std::string line;
  char byte;
  for (DWORD count; ReadFile(input, &byte, 1, &count, nullptr) && count == 1 && byte != '\n';)
    line += byte;
  if (line.empty()) throw std::runtime_error("the child said nothing");
  return std::stoi(line);
}

bool HasEnded(HANDLE process, DWORD patience_ms) {
  return WaitForSingleObject(process, patience_ms) == WAIT_OBJECT_0;
}

} // namespace

Child::Child(const std::vector<std::string> &role, size_t lines) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, nullptr, TRUE};
  HANDLE input, output;
  if (!CreatePipe(&input, &output, &inherited, 0)) throw std::runtime_error("CreatePipe");
  SetHandleInformation(input, HANDLE_FLAG_INHERIT, 0);
  job_ = MakeJob();
  const PROCESS_INFORMATION made = Start(role, output, CREATE_SUSPENDED);
  CloseHandle(output);
  AssignProcessToJobObject(job_, made.hProcess);
  ResumeThread(made.hThread);
  CloseHandle(made.hThread);
  process_ = made.hProcess;
  pid_ = static_cast<int32_t>(made.dwProcessId);
  for (size_t i = 0; i < lines; i++) said_.push_back(ReadLine(input));
  CloseHandle(input);
}

Child::~Child() { Forget(); }

void Child::Forget() {
  if (job_) TerminateJobObject(job_, 9);
  if (process_) {
    Kill();
    EXPECT_TRUE(HasEnded(process_, kPatienceMs));
  }
  LetGo();
  if (job_) CloseHandle(job_);
  job_ = nullptr;
}

void Child::LetGo() {
  if (process_) CloseHandle(process_);
  process_ = nullptr;
}

void Child::Kill() const { TerminateProcess(process_, 9); }

bool Child::IsAlive() const { return !HasEnded(process_, 0); }

bool Child::Ends() const { return HasEnded(process_, kPatienceMs); }

int Child::ExitCode() const {
  DWORD code = 0;
  GetExitCodeProcess(process_, &code);
  return static_cast<int>(code);
}

Other::Other(int32_t pid)
    : process_(OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, static_cast<DWORD>(pid))) {
  if (!process_) throw std::runtime_error("OpenProcess of " + std::to_string(pid));
}

Other::~Other() {
  TerminateProcess(process_, 9);
  CloseHandle(process_);
}

bool Other::IsAlive() const { return !HasEnded(process_, 0); }

bool Other::Ends() const { return HasEnded(process_, kPatienceMs); }

int32_t FreePid() {
  Child child({"idle"});
  const int32_t pid = child.pid();
  child.Forget();
  Eventually([pid] { /* the system lets the number go a moment after the last handle */
                     const HANDLE still = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(pid));
                     if (still) CloseHandle(still);
                     return still == nullptr;
  });
  return pid;
}

const char kNoReuse[] = "the system did not give the number out again";

std::unique_ptr<Child> ChildWithPid(int32_t pid) {
  constexpr int kTries = 1000, kRound = 300; /* Wine: some 256 numbers later, two a process */
  for (int i = 0; i < kTries; i++) {
    auto child = std::make_unique<Child>(std::vector<std::string>{"idle"}, 0);
    if (child->pid() == pid) return child;
    /* Threads have numbers of the same kind: one more, lest ours fall to a thread each time. */
    if (i % kRound == kRound - 1) std::thread([] {}).join();
  }
  return nullptr;
}

int32_t Spawn(const std::vector<std::string> &role) {
  const PROCESS_INFORMATION made = Start(role, GetStdHandle(STD_OUTPUT_HANDLE), 0);
  CloseHandle(made.hThread);
  CloseHandle(made.hProcess);
  return static_cast<int32_t>(made.dwProcessId);
}

bool IsWine() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

size_t OpenHandles() {
  DWORD count = 0;
  if (GetProcessHandleCount(GetCurrentProcess(), &count)) return count;
  /* Wine does not count, but gives out the lowest value that is free. */
  const HANDLE next = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  CloseHandle(next);
  return reinterpret_cast<size_t>(next) / 4;
}
