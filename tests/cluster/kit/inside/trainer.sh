#!/usr/bin/env bash
# Inside the sandbox: install JobSet and Kubeflow Trainer, and wait until their webhooks answer. Only
# the tests that need them call this, so that no other start of the cluster waits for them.
. "$(dirname "$0")/../settings.sh"
export KUBECONFIG=$kubeconfig
for name in jobset trainer; do
  kubectl apply --server-side --force-conflicts -f "$CLUSTER_CACHE/manifests/$name.yaml" > /dev/null
done
for namespace in jobset-system kubeflow-system; do
  kubectl -n "$namespace" wait --for=condition=Available deploy --all --timeout=180s > /dev/null
done
# Available they are before their certificates are in the webhooks: ask until both answer.
for _ in $(seq 300); do
  kubectl create --dry-run=server -f - > /dev/null 2>&1 << 'OBJECTS' && exit
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: webhooks-answer, namespace: default}
spec: {replicatedJobs: []}
---
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: webhooks-answer, labels: {trainer.kubeflow.org/framework: torch}}
spec:
  mlPolicy: {numNodes: 1}
  template:
    spec:
      replicatedJobs:
      - name: node
        template:
          metadata: {labels: {trainer.kubeflow.org/trainjob-ancestor-step: trainer}}
          spec: {template: {spec: {containers: [{name: node, image: none}]}}}
OBJECTS
  sleep 0.2
done
fail "Trainer's webhooks do not answer (kubectl -n kubeflow-system logs deploy --all-containers)"
