#!/usr/bin/env bash
# Run the tests of tests/cluster inside the sandbox; arguments are pytest's. A cluster that was not
# up before is taken down afterwards. With KUBECONFIG set they run on that cluster instead.
. "$(dirname "$0")/settings.sh"
cd "$root"
paths=no
for argument in "$@"; do [ ! -e "${argument%%::*}" ] || paths=yes; done
[ $paths = yes ] || set -- "$@" tests/cluster

if [ -n "${KUBECONFIG:-}" ]; then
  CLUSTER_KUBECONFIG=$KUBECONFIG exec pytest "$@"
fi
was_up=
sandbox_pid > /dev/null && was_up=yes
"$kit/up.sh"
status=0
CLUSTER_KUBECONFIG=$kubeconfig CLUSTER_METADATA=$metadata_ip "$kit/enter.sh" pytest "$@" || status=$?
if [ -z "$was_up" ]; then
  "$kit/down.sh" || status=1
fi
exit "$status"
