#!/usr/bin/env bash
# Inside the sandbox: give containerd the images of the cache that it does not have as they are now.
. "$(dirname "$0")/../settings.sh"
containerd_cli() { ctr -a "$CLUSTER_DIR/run/containerd.sock" -n k8s.io "$@"; }

for _ in $(seq 150); do
  timeout 1 ctr -a "$CLUSTER_DIR/run/containerd.sock" version > /dev/null 2>&1 && break
  sleep 0.1
done
mkdir -p "$CLUSTER_DIR/run/imported"
for archive in "$CLUSTER_CACHE"/images/*.tar; do
  mark=$CLUSTER_DIR/run/imported/$(basename "$archive")
  [ "$(stat -c '%Y %s' "$archive")" != "$(cat "$mark" 2> /dev/null)" ] || continue
  containerd_cli images import "$archive" > /dev/null
  stat -c '%Y %s' "$archive" > "$mark"
done

# By their digests too, as images are called that come from a registry.
named=$(containerd_cli images ls | awk '{ print $1, $3 }')
awk '$1 ~ /:/ && $1 !~ /@|^sha256:/ { sub(/:[^:]*$/, "", $1); print $1 "@" $2 }' <<< "$named" |
  sort -u | grep -vxFf <(cut -d' ' -f1 <<< "$named") | while read -r name; do
    source=$(awk -v digest="${name#*@}" '$2 == digest { print $1; exit }' <<< "$named")
    containerd_cli images tag "$source" "$name" > /dev/null
  done || true # grep finds nothing where nothing is new
