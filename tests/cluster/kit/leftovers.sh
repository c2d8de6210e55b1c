#!/usr/bin/env bash
# Name what a test cluster that is down left behind on the machine; fails if there is anything.
. "$(dirname "$0")/settings.sh"

found=$(
  exec 2> /dev/null   # processes end while they are looked at
  # The brackets keep grep from finding itself.
  grep -la "${CLUSTER_DIR%?}[${CLUSTER_DIR: -1}]/" /proc/[0-9]*/cmdline | while IFS= read -r file; do
    echo "process $(cut -d/ -f3 <<< "$file"): $(tr '\0' ' ' < "$file")"
  done || true
  awk -v dir="$CLUSTER_DIR" '$2 == dir || index($2, dir "/") == 1 { print "mount " $2 }' /proc/mounts
  ip -brief link | awk '$1 ~ /^(node0|pods0)/ { print "interface " $1 }'
  ip netns list | awk '/^cni-/ { print "network namespace " $1 }'
  nft list tables | grep -E ' (netpol|kube-proxy)$' | sed 's/^/rules: /' || true
  compgen -G "/sys/fs/cgroup/*$cgroup" | sed 's/^/cgroup /' || true
  [ ! -e "$CLUSTER_DIR" ] || echo "folder $CLUSTER_DIR"
) || true
[ -z "$found" ] || fail "The test cluster left behind:" "$found"
