#!/usr/bin/env bash
# Makes what exporters behind TLS and a password need, in a directory of its own: an authority, a certificate for
# each host, a password and its hash.
#
#   secrets.sh DIRECTORY HOST=ADDRESS...
set -euo pipefail
umask 077
directory=$1 && shift
rm -rf "$directory"
mkdir "$directory"
cd "$directory"

# With the extensions that Python 3.13 wants to see, and older ones do without.
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${key[@]}" -days 2 -subj /CN=authority \
  -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
for host; do
  name=${host%%=*}
  openssl req "${key[@]}" -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
  # By the address that Prometheus is given, and by the one where the host looks at itself.
  openssl x509 -req -in "$name.csr" -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -out "$name.pem" \
    -extfile <(printf '%s\n' "subjectAltName=IP:${host#*=},IP:127.0.0.1" authorityKeyIdentifier=keyid \
      subjectKeyIdentifier=hash)
done

openssl rand -hex 16 | tr -d '\n' >password
perl -e 'print crypt(<STDIN>, q($2b$05$) . substr(`openssl rand -hex 16`, 0, 21) . "u")' <password >password.hash
