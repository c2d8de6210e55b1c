#!/usr/bin/env bash
# Make what the cluster's programs know each other by: two authorities, the key pair of service
# account tokens, a certificate for each server and a kubeconfig for each client.
. "$(dirname "$0")/../settings.sh"
[ ! -f "$kubeconfig" ] || exit 0
mkdir -p "$CLUSTER_DIR/pki"
cd "$CLUSTER_DIR/pki"
umask 077
key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

authority() { # file, name
  openssl req -x509 "${key[@]}" -keyout "$1.key" -out "$1.crt" -days 3650 -subj "/CN=$2" \
    -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2> /dev/null
}

certificate() { # file, authority, subject, purpose, names
  openssl req "${key[@]}" -keyout "$1.key" -out "$1.csr" -subj "$3" 2> /dev/null
  printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature "extendedKeyUsage=$4" \
    ${5:+"subjectAltName=$5"} > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 365 \
    -extfile "$1.ext" -out "$1.crt" 2> /dev/null
  rm "$1.csr" "$1.ext"
}

client() { # file, subject
  certificate "$1" ca "$2" clientAuth
  local config=(kubectl config "--kubeconfig=$1.conf")
  "${config[@]}" set-cluster test "--server=https://$node_ip:6443" --certificate-authority=ca.crt \
    --embed-certs
  "${config[@]}" set-credentials me "--client-certificate=$1.crt" "--client-key=$1.key" \
    --embed-certs
  "${config[@]}" set-context test --cluster=test --user=me
  "${config[@]}" use-context test
} > /dev/null

authority ca test-cluster
authority front-proxy-ca test-cluster-front-proxy
openssl genrsa -out sa.key 2048 2> /dev/null
openssl rsa -in sa.key -pubout -out sa.pub 2> /dev/null
service=kubernetes.default.svc
certificate apiserver ca /CN=kube-apiserver serverAuth \
  "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,IP:10.96.0.1,IP:127.0.0.1,IP:$node_ip"
certificate kubelet-server ca /O=system:nodes/CN=system:node:node serverAuth "DNS:node,IP:$node_ip"
certificate apiserver-kubelet-client ca /O=system:masters/CN=kube-apiserver-kubelet-client \
  clientAuth
certificate front-proxy-client front-proxy-ca /CN=front-proxy-client clientAuth
client controller-manager /CN=system:kube-controller-manager
client scheduler /CN=system:kube-scheduler
client kubelet /O=system:nodes/CN=system:node:node
client kube-proxy /CN=system:kube-proxy
client admin /O=system:masters/CN=admin # last: its being there says that all are
