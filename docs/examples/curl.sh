#!/bin/sh
# Uploads one picture, lists pictures, and shows an error, by plain JSON. Needs curl, sha256sum and Node for reading JSON
# (jq does as well).
#   PLATEMARK_URL=http://127.0.0.1:4410 PLATEMARK_TOKEN=… sh docs/examples/curl.sh PICTURE.jpg
set -eu
picture=$1
url=${PLATEMARK_URL:-http://127.0.0.1:4410}

post() { # path, JSON
  curl -sS -X POST "$url$1" -H "authorization: Bearer $PLATEMARK_TOKEN" -H 'content-type: application/json' -d "$2"
}
read_json() { # what to take of the answer on standard input, as JavaScript
  node -pe "const answer = JSON.parse(require('node:fs').readFileSync(0)); $1"
}

# 1. Announce it: the answer has the URL to send it to, and the headers to send it with.
sha256=$(sha256sum "$picture" | cut -d ' ' -f 1)
size=$(wc -c <"$picture" | tr -d ' ')
name=$(basename "$picture")
ticket=$(post /api/v1/uploads "{\"fileName\":\"$name\",\"size\":$size,\"contentType\":\"image/jpeg\",\"sha256\":\"$sha256\"}")
key=$(printf %s "$ticket" | read_json answer.objectKey)
echo "announced $key"

# 2. Send it straight to the object store. Without an `uploadUrl` the store holds these bytes already.
if [ "$(printf %s "$ticket" | read_json '"uploadUrl" in answer')" = true ]; then
  headers=$(mktemp)
  printf %s "$ticket" | read_json 'Object.entries(answer.headers).map(([name, value]) => name + ": " + value).join("\n")' >"$headers"
  curl -sS --fail -X PUT -H "@$headers" --data-binary "@$picture" "$(printf %s "$ticket" | read_json answer.uploadUrl)"
  rm "$headers"
  # 3. Have it verified and marked.
  post /api/v1/uploads/complete "{\"objectKey\":\"$key\",\"sha256\":\"$sha256\"}" >/dev/null
fi

# 4. Every method of every service takes JSON too, at its path.
listed=$(post /platemark.v1.MediaService/ListMedia '{"pageSize":10}')
echo "state $(printf %s "$listed" | read_json "answer.items.find(({ objectKey }) => objectKey === '$key').state.slice(12).toLowerCase()")"
echo "pictures $(printf %s "$listed" | read_json answer.items.length)"

# 5. Errors: HTTP status for a glance, the product's code among the details.
refused=$(post /platemark.v1.MediaService/SignDownload '{"mediaId":"nobody"}')
echo "refused $(printf %s "$refused" | read_json 'answer.details[0].debug.code + ", retry " + answer.details[0].debug.retry')"
