#!/bin/sh
# The first process of a virtual machine (scripts/kernels.mjs): runs the programs that prove something, and tells the
# host on the last line whether all of them succeeded.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t devpts devpts /dev/pts
ip link set lo up
hostname virtual

export HOME=/root TMPDIR=/tmp
cd /package || exit 1
status=0

prove() {
  echo "--- $*"
  "$@" </dev/null
  code=$?
  echo "--- ended with $code after $(cut -d . -f 1 /proc/uptime) s of this machine"
  [ $code = 0 ] || status=1
}

uname -r
for program in build/native/*_tests; do prove "$program" --gtest_brief=1 --gtest_color=no; done
prove node test/system/lifecycle.mjs .
prove node examples/demo/main.mjs

echo "kernels: status $status"
poweroff -f
