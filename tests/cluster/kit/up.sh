#!/usr/bin/env bash
# Start the test cluster, or find it running; it stays up until down.sh.
#
# Everything runs in a sandbox: network, mount, process, ipc and uts namespaces of its own with
# loopback as the only interface. When the sandbox's first process ends, all others in it end too.
. "$(dirname "$0")/settings.sh"

[ "$(id -u)" = 0 ] || fail 'The test cluster needs root: containers are made in it.'
[ ! -e /sys/fs/cgroup/cgroup.controllers ] ||
  fail 'The test cluster was only ever run with cgroup v1; this machine has v2.'

"$kit/build.sh" all
"$kit/images.sh"
if sandbox_pid > /dev/null; then
  "$kit/enter.sh" "$kit/inside/start.sh"
  "$kit/enter.sh" "$kit/inside/kueue.sh"
  exit
fi
rm -rf "$CLUSTER_DIR"
mkdir -p "$CLUSTER_DIR"/{logs,varlib}
for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy$cgroup"; done
for file in cpuset.cpus cpuset.mems; do
  cat "/sys/fs/cgroup/cpuset/$file" > "/sys/fs/cgroup/cpuset$cgroup/$file"
done

setsid unshare --net --mount --pid --ipc --uts --fork --kill-child --mount-proc \
  bash "$kit/inside/first.sh" "$CLUSTER_DIR" \
  > "$CLUSTER_DIR/logs/sandbox.log" 2>&1 < /dev/null &
echo $! > "$CLUSTER_DIR/sandbox.pid"
for _ in $(seq 100); do
  [ ! -e "$CLUSTER_DIR/ready" ] || break
  sleep 0.1
done
sandbox_pid > /dev/null || fail "The sandbox did not start: $(cat "$CLUSTER_DIR/logs/sandbox.log")"
"$kit/enter.sh" "$kit/inside/start.sh"
"$kit/enter.sh" "$kit/inside/kueue.sh"
