#!/usr/bin/env bash
# Unpack the images of the cache, once for all clusters: unpacked/root is a containerd's folder, of
# which each takes everything with hard links (inside/start.sh). Only its databases are written to
# again, so those are copied.
#
# The images with the project's code are left out: they change too often, and are small.
. "$(dirname "$0")/settings.sh"
unpacked=$CLUSTER_CACHE/unpacked
archives=()
for archive in "$CLUSTER_CACHE"/images/*.tar; do
  [ "$(basename "$archive")" = challenge.tar ] || archives+=("$archive")
done
made=$(basename -a "${archives[@]}"; stat -c '%Y %s' "${archives[@]}")
[ "$made" != "$(cat "$unpacked/made" 2> /dev/null)" ] || exit 0

say 'Unpacking the images …'
new=$unpacked.new
rm -rf "$new"
mkdir -p "$new/imported"
state=$(mktemp -d /tmp/jc-unpack-XXXXXX) # a socket lies in there, and the name of one has to be short
trap 'rm -rf "$state"' EXIT
printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' > "$state/containerd.toml"
# In mount namespaces of their own: whatever ends them, no mount of theirs is left.
unshare --mount --propagation private --pid --fork --kill-child --mount-proc bash -euc '
  state=$1 new=$2; shift 2
  containerd -c "$state/containerd.toml" --root "$new/root" --state "$state/state" \
    --address "$state/socket" -l warn > "$state/log" 2>&1 &
  daemon=$!
  containerd_cli() { ctr -a "$state/socket" -n k8s.io "$@"; }
  for _ in $(seq 150); do
    timeout 1 ctr -a "$state/socket" version > /dev/null 2>&1 && break
    sleep 0.1
  done
  for archive; do
    containerd_cli images import "$archive" > /dev/null || { cat "$state/log" >&2; exit 1; }
    stat -c "%Y %s" "$archive" > "$new/imported/$(basename "$archive")"
  done
  kill "$daemon"
  wait "$daemon" || true
' unpack "$state" "$new" "${archives[@]}"
echo "$made" > "$new/made"

exec 9> "$CLUSTER_CACHE/unpacked.lock" # nobody takes links meanwhile
flock 9
rm -rf "$unpacked"
mv "$new" "$unpacked"
