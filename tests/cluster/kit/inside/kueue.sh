#!/usr/bin/env bash
# Inside the sandbox: install Kueue and wait until its webhooks answer, as they refuse Jobs before.
# Kueue looks after Jobs alone, so that it has no say in anything else that is made.
. "$(dirname "$0")/../settings.sh"
export KUBECONFIG=$kubeconfig
manifest=$CLUSTER_CACHE/manifests/kueue.yaml
[ -s "$manifest" ] || exit 0
kubectl -n kueue-system get deploy kueue-controller-manager > /dev/null 2>&1 ||
  python3 "$kit/inside/kueue.py" < "$manifest" |
    kubectl apply --server-side --force-conflicts -f - > /dev/null
kubectl -n kueue-system wait --for=condition=Available deploy --all --timeout=120s > /dev/null
# Available it is before its certificate is in the webhooks: ask until one answers.
for _ in $(seq 150); do
  kubectl create --dry-run=server -f - > /dev/null 2>&1 << 'FLAVOR' && exit
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: webhooks-answer}
FLAVOR
  sleep 0.2
done
fail "Kueue's webhooks do not answer (kubectl -n kueue-system logs deploy/kueue-controller-manager)"
