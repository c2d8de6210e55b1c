#!/usr/bin/env bash
# Stop the test cluster and everything in its sandbox, and check that nothing of it is left.
. "$(dirname "$0")/settings.sh"

if pid=$(sandbox_pid); then
  kill -KILL "$pid"   # the first process of a namespace takes all others with it
  while [ -e "/proc/$pid" ]; do sleep 0.1; done
fi

# A cgroup can be removed once the last process in it is gone.
remove_cgroups() {
  find /sys/fs/cgroup/*"$cgroup" -depth -type d -exec rmdir {} + 2> /dev/null
  ! compgen -G "/sys/fs/cgroup/*$cgroup" > /dev/null
}
for _ in $(seq 50); do remove_cgroups && break || sleep 0.2; done
rm -rf "$CLUSTER_DIR"
exec "$kit/leftovers.sh"
