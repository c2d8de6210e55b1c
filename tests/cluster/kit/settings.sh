# Where the test cluster lives; every script of the kit reads this first.
set -euo pipefail
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$kit/../../.." && pwd)

# What was built, kept between runs and checkouts.
: "${CLUSTER_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/jupyter-challenge/cluster}"
# Where it runs. Unix sockets lie in there, and the name of one has to fit into 107 bytes.
: "${CLUSTER_DIR:=/tmp/jc-cluster}"
export CLUSTER_CACHE CLUSTER_DIR
export PATH="$CLUSTER_CACHE/bin:$PATH:/usr/sbin:/sbin"

cgroup=/$(basename "$CLUSTER_DIR")   # all of its processes that are limited or counted
node_ip=10.245.0.1                   # on a bridge inside the sandbox, known nowhere else
metadata_ip=169.254.169.254          # where clouds tell machines their credentials; a stand-in is there
kubeconfig=$CLUSTER_DIR/pki/admin.conf
devices=nvidia.com/gpu=2,nvidia.com/mig-1g.10gb=3   # GPUs that the node pretends to have
volumes=28                           # for claims of the storage class test-volumes

say() { printf '%s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

[ "${#CLUSTER_DIR}" -le 40 ] && [ "${CLUSTER_DIR#/}" != "$CLUSTER_DIR" ] ||
  fail "CLUSTER_DIR has to be an absolute path of at most 40 characters, not $CLUSTER_DIR"

# The sandbox's first process, as the machine knows it; fails where no sandbox runs.
sandbox_pid() {
  local outer
  outer=$(cat "$CLUSTER_DIR/sandbox.pid" 2> /dev/null) &&
    grep -qs "$CLUSTER_DIR" "/proc/$outer/cmdline" &&
    cat "/proc/$outer/task/$outer/children" | grep -oE '^[0-9]+'
}
