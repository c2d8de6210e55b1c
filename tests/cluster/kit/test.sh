#!/usr/bin/env bash
# Run the tests of tests/cluster inside the sandbox; arguments are pytest's. A cluster that was not
# up before is taken down afterwards. With KUBECONFIG set they run on that cluster instead.
#
# All of them wait for pods most of the time, so they are spread over two clusters, each in a sandbox
# of its own: no test disturbs what another one does at the same time. CLUSTERS=1 has one do it all.
. "$(dirname "$0")/settings.sh"
cd "$root"
paths=no
for argument in "$@"; do [ ! -e "${argument%%::*}" ] || paths=yes; done
if [ $paths = no ]; then
  set -- "$@" tests/cluster
  : "${CLUSTERS:=2}"
fi

if [ -n "${KUBECONFIG:-}" ]; then
  # A test cluster that may run beside it is not theirs.
  CLUSTER_KUBECONFIG=$KUBECONFIG exec env -u CLUSTER_DIR pytest "$@"
fi
folders=("$CLUSTER_DIR")
[ "${CLUSTERS:-1}" = 1 ] || folders+=("$CLUSTER_DIR-2")
end=()
workers=()
"$kit/build.sh" all
"$kit/images.sh"
for folder in "${folders[@]}"; do
  export CLUSTER_DIR=$folder
  sandbox_pid > /dev/null || end+=("$folder")
  "$kit/up.sh" &
  workers+=(--tx "popen//python=env CLUSTER_DIR=$folder CLUSTER_KUBECONFIG=$folder/pki/admin.conf \
CLUSTER_METADATA=$metadata_ip $kit/enter.sh python")
done
status=0
for _ in "${folders[@]}"; do wait -n || status=1; done
export CLUSTER_DIR=${folders[0]} CLUSTER_METADATA=$metadata_ip
if [ $status != 0 ]; then
  say 'The test cluster does not start.'
elif [ ${#folders[@]} = 1 ]; then
  CLUSTER_KUBECONFIG=$kubeconfig "$kit/enter.sh" pytest "$@" || status=$?
else
  pytest --dist loadscope --no-loadscope-reorder "${workers[@]}" "$@" || status=$?
fi
for folder in ${end[@]+"${end[@]}"}; do
  CLUSTER_DIR=$folder "$kit/down.sh" || status=1
done
exit "$status"
