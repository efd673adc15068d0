#!/bin/sh
# Prints a Secret: a new key, and a certificate for *.example.com that signs itself and is good for 30 days. Needs openssl.
set -eu
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=example.com \
  -addext 'subjectAltName=DNS:example.com,DNS:*.example.com' \
  -keyout "$directory/tls.key" -out "$directory/tls.crt" 2>"$directory/log" || { cat "$directory/log" >&2; exit 1; }
cat <<END
apiVersion: v1
kind: Secret
metadata:
  name: example-com
  namespace: shop
type: kubernetes.io/tls
data:
  tls.crt: $(base64 <"$directory/tls.crt" | tr -d '\n')
  tls.key: $(base64 <"$directory/tls.key" | tr -d '\n')
END
