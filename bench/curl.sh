#!/usr/bin/env bash
# The limit: the same blobs by curl, four at a time, without a look at any digest.
#   curl.sh pull HOST/NAME:TAG DIR      curl.sh push HOST/NAME:TAG LAYOUT (which has one image)
set -euo pipefail
work=$1 reference=$2 directory=$3
host=${reference%%/*} rest=${reference#*/}
name=${rest%:*} tag=${rest##*:}
base=http://$host/v2/$name
type=application/vnd.oci.image.manifest.v1+json

digests() { grep -o '"digest": *"sha256:[0-9a-f]*"' | grep -o 'sha256:[0-9a-f]*'; }

pull() {
  mkdir -p "$directory"
  curl -fsS -H "Accept: $type" "$base/manifests/$tag" -o "$directory/manifest.json"
  local arguments=()
  for digest in $(digests <"$directory/manifest.json"); do
    arguments+=(-o "$directory/${digest#sha256:}" "$base/blobs/$digest")
  done
  curl -fsS --parallel --parallel-max 4 "${arguments[@]}"
}

push_blob() {
  local location
  location=$(curl -fsS -X POST -D - -o /dev/null "$base/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -fsS -T "$directory/blobs/sha256/${1#sha256:}" -H 'Content-Type: application/octet-stream' "$location&digest=$1" -o /dev/null
}

push() {
  local manifest
  manifest=$(digests <"$directory/index.json" | head -n 1)
  manifest=$directory/blobs/sha256/${manifest#sha256:}
  for digest in $(digests <"$manifest"); do
    push_blob "$digest" &
    while [ "$(jobs -rp | wc -l)" -ge 4 ]; do wait -n; done
  done
  wait
  curl -fsS -T "$manifest" -H "Content-Type: $type" "$base/manifests/$tag" -o /dev/null
}

"$work"
