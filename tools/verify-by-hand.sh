#!/usr/bin/env bash
# Checks an unpacked proof bundle about one person with OpenSSL 3 and GNU coreutils (and bash, sed, awk, grep), nothing else.
#
#   bash verify-by-hand.sh <verifier key of the log> [PEM of a time-stamping authority you trust]
#
# Run it inside the folder. The key comes from the operator or an auditor, not from the bundle. Exit status 0: everything that is
# checked here holds, the authority you gave vouched for every entry within two days (for a grant: of the act), and the webhooks of
# all grants and of permissions at Messenger are here; 2: it holds, but one of these rests on the operator's word; 1: something
# fails. It reads no events and checks no meaning but that nothing was authorised for somebody after their wish never to be written
# to again (read entries/*.json and evidence/), nor how fresh the bundle is, the lines of witnesses or the views: use
# assent-verify.mjs.
set -u
export LC_ALL=C
[ $# -ge 1 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 1; }
vkey=$1
authority=${2:-}
case $vkey in *+*+*) ;; *) echo 'the first argument must be the verifier key itself: <origin>+<key id>+<base64>'; exit 1 ;; esac
[ -z "$authority" ] || [ -f "$authority" ] || { echo 'the second argument must be a PEM file, and there is none of that name'; exit 1; }
[ -d entries ] || { echo 'this is not the folder of a bundle about one person: entries/ is missing'; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
ok() { printf 'OK    %s\n' "$1"; }
bad() { printf 'FAIL  %s\n' "$1"; failed=1; }
check() { if [ "$1" = 0 ]; then ok "$2"; else bad "$2"; fi; }

# What is worked out again and again is left in a variable of the same name: a process for each would take most of the time.
# Sets bytes: \x.. for printf, from hex; each is two hex digits, or there are none.
escaped() { local at; bytes=; case $1 in *[!0-9a-f]*) return 1 ;; esac; for ((at = 0; at < ${#1}; at += 2)); do bytes+="\\x${1:at:2}"; done; }
# Sets digest: the SHA-256 of a file.
digest_of() { digest=$(sha256sum < "$1") && digest=${digest%% *}; }
hash() { local sum; sum=$(sha256sum) && printf '%s' "${sum%% *}"; }
from64() { local hex; hex=$(printf '%s' "$1" | base64 -d 2>/dev/null | basenc --base16 -w0) && printf '%s' "${hex,,}"; }
# Numbers come from the bundle and go into shell arithmetic, which would run what is hidden in them: digits only.
whole() { case $1 in '' | *[!0-9]* | 0?*) return 1 ;; esac; [ ${#1} -le 15 ]; }
line() { sed -n "$1p" "$2" | tr -cd '[:print:]'; }
# Set digest, to nothing where something is missing: the hash of a node over two others, that of a leaf, and the commitment to a body with its nonce.
node() { escaped "$1$2" && printf "\\x01$bytes" > "$work/hashed" && digest_of "$work/hashed"; }
leaf() { digest=; [ ${#1} = 64 ] && escaped "$1" && printf "\\x00$bytes" > "$work/hashed" && digest_of "$work/hashed"; }
commitment() { digest_of "$1" && escaped "$digest" && digest= && { printf "$bytes"; cat "$2"; } > "$work/hashed" && digest_of "$work/hashed"; }
# Hashes of 32 bytes in base64, a line each, as hex.
hexes() {
  awk 'BEGIN { for (at = 0; at < 64; at++) value[substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", at + 1, 1)] = at }
    length($0) != 44 || $0 !~ /^[A-Za-z0-9+\/]*=$/ || value[substr($0, 43, 1)] % 4 { print "malformed"; next }
    {
      for (at = 1; at < 44; at += 4) {
        bits = ((value[substr($0, at, 1)] * 64 + value[substr($0, at + 1, 1)]) * 64 + value[substr($0, at + 2, 1)]) * 64 + value[substr($0, at + 3, 1)]
        printf at < 41 ? "%02x%02x%02x" : "%02x%02x", int(bits / 65536), int(bits / 256) % 256, bits % 256
      }
      print ""
    }' "$1"
}

# The key: <origin>+<key id>+<base64 of 01 and 32 bytes>
origin=${vkey%%+*}
material=${vkey#*+}; material=${material#*+}
escaped 302a300506032b6570032100
{ printf "$bytes"; printf '%s' "$material" | base64 -d | tail -c +2; } > "$work/key.der"
{ printf '%s\n' "$origin/bundle"; printf '%s' "$material" | base64 -d; } | hash | cut -c1-8 > "$work/bundle.id"
{ printf '%s\n' "$origin"; printf '%s' "$material" | base64 -d; } | hash | cut -c1-8 > "$work/log.id"
[ "$(cat "$work/log.id")" = "$(printf '%s' "$vkey" | cut -d+ -f2)" ]; check $? 'the key you gave is whole'

# line_by <note> <name> <key id file>: the first line of that key in a note, which others of the log may stand before; four of it sign at most
line_by() {
  local one
  while read -r one; do
    [ "$(from64 "$one" | cut -c1-8)" != "$(cat "$3")" ] || { printf '%s' "$one"; return; }
  done < <(awk -v name="$2" '$1 == "\342\200\224" && $2 == name && lines++ < 4 { print $3 }' "$1")
}

# signed <note> <name> <key id file>: the signature over the text of a note
signed() {
  local line
  [ "$(wc -c < "$1")" -le 16384 ] || return 1
  awk '{ if ($0 == "" ) exit; print }' "$1" > "$work/text"
  line=$(line_by "$1" "$2" "$3")
  [ -n "$line" ] || return 1
  printf '%s' "$line" | base64 -d | tail -c +5 > "$work/signature"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/text" -sigfile "$work/signature" > /dev/null 2>&1
}

# fold <leaf hex> <index> <size> <file of base64 hashes>: sets fold to the root that the path leads to
fold() {
  fold=
  [ ${#1} = 64 ] && whole "$2" && whole "$3" && [ "$2" -lt "$3" ] || return 1
  digest=$1
  local fn=$2 sn=$(($3 - 1)) p
  while read -r p; do
    [ ${#p} = 64 ] && [ "$sn" -gt 0 ] || return 1
    if [ $((fn & 1)) = 1 ] || [ "$fn" = "$sn" ]; then
      node "$p" "$digest"
      while [ $((fn & 1)) = 0 ] && [ "$fn" != 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
    else
      node "$digest" "$p"
    fi
    fn=$((fn >> 1)); sn=$((sn >> 1))
  done < <(hexes "$4")
  [ "$sn" = 0 ] && fold=$digest
}

# continues <size> <root hex> <file of base64 hashes>: the tree of the newest checkpoint begins with this one (RFC 6962)
continues() {
  whole "$1" && whole "$size" && [ "$1" -gt 0 ] && [ "$1" -le "$size" ] || return 1
  if [ "$1" = "$size" ]; then [ "$2" = "$root" ] && [ ! -s "$3" ]; return; fi
  local fn=$(($1 - 1)) sn=$((size - 1)) old='' grown='' p
  while [ $((fn & 1)) = 1 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
  [ "$fn" != 0 ] || { old=$2; grown=$2; }
  while read -r p; do
    [ ${#p} = 64 ] || return 1
    if [ -z "$old" ]; then old=$p; grown=$p; continue; fi
    [ "$sn" -gt 0 ] || return 1
    if [ $((fn & 1)) = 1 ] || [ "$fn" = "$sn" ]; then
      node "$p" "$old"; old=$digest
      node "$p" "$grown"; grown=$digest
      while [ $((fn & 1)) = 0 ] && [ "$fn" != 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
    else
      node "$grown" "$p"; grown=$digest
    fi
    fn=$((fn >> 1)); sn=$((sn >> 1))
  done < <(hexes "$3")
  [ "$sn" = 0 ] && [ "$old" = "$2" ] && [ "$grown" = "$root" ]
}

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$2" | tr -cd '[:print:]'; }

# only <text> <pattern> <file>: what the pattern finds is this text, once. A field that stands there twice could say anything.
only() { [ "$(grep -ao "$2" "$3" | head -n 2)" = "$1" ]; }

# written <file>: this is JSON of this log, of one kind, in the only form that what follows looks for (RFC 8785): at most 16 KiB, no
# blank outside of strings, nothing escaped that need not be. What is searched for could hide in any other form.
written() {
  local text
  ! IFS= read -r -d '' -n 16385 text < "$1" && [[ "$text" != *[$'\001'-$'\037']* ]] || return 1
  awk -v origin="$origin" '
    {
      gsub(/\\["\\bfnrt]|\\u000[0-7bef]|\\u001[0-9a-f]/, "_")
      strange += /\\/
      parts = split($0, part, "\"")
      for (at = 1; at <= parts; at += 2) {
        between = part[at]
        strange += between ~ /[^]\[{}:,0-9a-z-]/
        if (depth == 1 && between ~ /^:/ && part[at - 1] == "kind") kinds += between == ":" ? 1 : 2
        if (depth == 1 && between ~ /^:/ && part[at - 1] == "log") logs += between == ":" && part[at + 1] == origin ? 1 : 2
        depth += gsub(/[[{]/, "", between) - gsub(/[]}]/, "", between)
      }
    }
    END { exit !(NR == 1 && !strange && parts % 2 && depth == 0 && kinds == 1 && logs == 1) }' "$1"
}

# The time an entry says it was written. Of all fields only "after" can stand before it; a second "at" stands deeper.
stated() {
  sed -n '1s/^{\("after":"[0-9a-f]\{64\}",\)\{0,1\}"at":"\([-0-9]\{10\}T[0-9:]\{8\}\.[0-9]\{3\}Z\)".*/\2/p' "$1"
}
# For date, nothing at all would be this midnight.
seconds() { local s; [ -n "$1" ] && s=$(date -u -d "$1" +%s 2> /dev/null) && whole "$s" && printf '%s' "$s"; }
moment() { if [ "$1" = - ]; then printf 'no %s limit' "$2"; else printf '%s ' "$3"; date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; fi; }
# The time of a stamp. The answer around the token is not signed and could say any time, so the token is taken out first.
stamp_time() {
  openssl ts -reply -in "$1" -token_out -out "$work/token" 2> /dev/null &&
    openssl ts -reply -in "$work/token" -token_in -text 2> /dev/null | sed -n 's/^Time stamp: //p' | head -n 1 |
    grep -E '^[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)? [0-9]{4} GMT$'
}

# Nothing but plain files with plain names, so that no name can be mistaken for something else further down
[ -z "$(find . \( -name '*[!A-Za-z0-9._-]*' -o ! -type f ! -type d \) -print | head -c 1)" ] ||
  { bad 'the folder holds a link, or a file whose name is not allowed'; exit 1; }

# The manifest: every file, and its signature. Its names are opened only when they are those of the files that are here.
find . -type f | grep -vx -e '\./manifest\.json' -e '\./manifest\.note' | sort > "$work/here"
one='(before|after|at-[1-9][0-9]*)'
[ -z "$(grep -vxE -e '\./(README\.txt|VERIFIER-SHA256|verify-by-hand\.sh|views/(summary\.html|consent-record\.jsonld)|notices/[0-9a-f]{64}\.txt)' \
  -e "\./(checkpoints/$one\.(note|consistency)|anchors/$one\.(tsr|tsa\.pem|self\.tsr|self\.pem))" \
  -e '\./(keys/(log\.vkey|policy\.txt|[0-9]{4}\.(json|nonce|tlog-proof))|entries/(chain\.json|[0-9]{4,}\.(json|nonce|tlog-proof)))' \
  -e '\./sends/[0-9]{4,}\.((message\.)?(json|nonce)|tlog-proof|inner)' \
  -e '\./evidence/[0-9]{4,}/(headers\.json|delivery\.json|seg\.[0-9]{3,5}\.(bin|nonce))' "$work/here" | head -c 1)" ]
check $? 'every file has its place in a bundle'
tr ',' '\n' < manifest.json | sed -n 's/^\({"files":{\)\{0,1\}"\([^"]*\)":"\([0-9a-f]\{64\}\)".*/\3  .\/\2/p' > "$work/sums"
sed 's/^[0-9a-f]*  //' "$work/sums" | sort | cmp -s - "$work/here"; named=$?
check $named 'the manifest names every file, and no other'
grep -qxE '\{"files":\{("[^"]*":"[0-9a-f]{64}",?)*\},"kind":"(lead|message)","log":"[^"]*","made_at":"[^"]*","v":1\}' manifest.json && [ "$(wc -l < manifest.json)" = 0 ]
check $? 'the manifest says nothing else'
[ $named = 0 ] && sha256sum --quiet --strict -c "$work/sums" > /dev/null 2>&1; check $? "every file is the one the manifest names ($(wc -l < "$work/sums") files)"
printf 'assent-bundle/v1\n%s\n%s\n' "$origin" "$(hash < manifest.json)" > "$work/expected"
awk '{ if ($0 == "") exit; print }' manifest.note | cmp -s - "$work/expected" && signed manifest.note "$origin/bundle" "$work/bundle.id"
check $? 'the manifest is signed with the key you gave'

# The checkpoints
after=checkpoints/after.note
signed "$after" "$origin" "$work/log.id" && [ "$(line 1 "$after")" = "$origin" ]; holds=$?
check $holds "$after is signed with the key you gave"
# Only stamps over notes that hold count: a stamp over anything else is no word about this log.
: > "$work/notes"
[ $holds = 0 ] && printf '%s\n' "$after" >> "$work/notes"
size=$(line 2 "$after")
whole "$size"; check $? "$after states the size of the log"
root=$(from64 "$(line 3 "$after")")
for note in checkpoints/before.note checkpoints/at-*.note; do
  [ -e "$note" ] || continue
  if [ -z "$(line_by "$note" "$origin" "$work/log.id")" ] && [ "$(line 1 "$note")" = "$origin" ] && [ -e keys/0002.json ]; then
    # What counts of it is its tree, which is compared with that of the checkpoint that your key has signed.
    own=0
    printf 'note  %s is signed with an earlier key of the log, which is not checked here\n' "$note"
  else
    signed "$note" "$origin" "$work/log.id" && [ "$(line 1 "$note")" = "$origin" ]; own=$?
    check $own "$note is signed with the key you gave"
  fi
  proof=${note%.note}.consistency
  tail -n +4 "$proof" > "$work/path"
  [ "$(line 2 "$proof")" = "from $(line 2 "$note")" ] && [ "$(line 3 "$proof")" = "to $size" ] &&
    continues "$(line 2 "$note")" "$(from64 "$(line 3 "$note")")" "$work/path"
  holds=$?
  check $holds "$note is the beginning of the same log"
  [ "$own$holds" = 00 ] && printf '%s\n' "$note" >> "$work/notes"
done

# included <name>: an entry is in the tree of the checkpoint. Sets index and committed
index=
committed=
included() {
  commitment "$1.json" "$1.nonce"
  committed=$digest
  index=$(sed -n 's/^index //p' "$1.tlog-proof" | head -n 1)
  awk 'NR > 2 { if ($0 == "") exit; print }' "$1.tlog-proof" > "$work/path"
  awk 'f { print } /^$/ { f = 1 }' "$1.tlog-proof" | cmp -s - "$after" || return 1
  leaf "$committed"
  [ "$(wc -c < "$1.nonce")" = 64 ] && fold "$digest" "$index" "$size" "$work/path" && [ "$fold" = "$root" ]
}

# What is proved by nothing but a webhook: a grant, and a permission at Messenger
grants() { grep -aqE '"kind":"(opt_in|re_opt_in|consent)"' "$1" && grep -aqF '"marketing.broadcast"' "$1"; }
permits() { grep -aqF '"kind":"token"' "$1" && grep -aqE '"state":"(granted|renewed|resumed)"' "$1"; }
pieces() { sed 's/.*"segs":\[//; s/\]\].*//; s/\],\[/\n/g' "$1" | tr -d '[]'; }

# remember <name> <file that states the time>: for the comparison with the time-stamps. A grant says what happened when the person
# acted, not when that was written down.
remember() {
  local at acted said since
  at=$(stated "$2")
  said=$(seconds "$at") && whole "$index" || { bad "$1 states when it was written"; return; }
  since=$said
  acted=$said
  if grants "$2" || permits "$2"; then
    acted=$(grep -aoE '"event_at":"[-0-9]{10}T[0-9:]{8}\.[0-9]{3}Z"' "$2" | head -n 1)
    only "$acted" '"event_at":"[^"]*"' "$2" && acted=$(seconds "$(cut -d '"' -f 4 <<< "$acted")") || { bad "$1 states when the act happened"; return; }
    if grants "$2" && [ "$acted" -lt "$said" ]; then since=$acted; fi
  fi
  printf '%s %s %s %s %s\n' "$1" "$index" "$at" "$since" "$acted" >> "$work/leaves"
}

# told <number of an entry>: its webhook is here, the person's own event with a time and all that lies around events; of very many
# events, for which one piece hides what lies around, nothing may be missing
told() {
  local kind own piece place=0 first='' gone=0
  own=$(grep -ao '"i":[0-9]*' "entries/$1.json" | head -n 1)
  only "$own" '"i":[0-9]*' "entries/$1.json" && own=${own#*:} && whole "$own" || return 1
  while IFS=, read -r kind _ || [ -n "$kind" ]; do
    first=${first:-$kind}
    printf -v piece 'evidence/%s/seg.%03d.bin' "$1" "$place"
    if [ "$place" = "$own" ]; then
      grep -aqF '"timestamp"' "$piece" 2> /dev/null || return 1
    elif ! [ -e "$piece" ]; then
      [[ "$kind" = '"e"' || "$kind" = '"m"' ]] || return 1
      gone=1
    fi
    place=$((place + 1))
  done < <(pieces "entries/$1.json")
  [ "$place" -gt "$own" ] && { [ "$gone" = 0 ] || [ "$first" = '"p"' ]; }
}

# The leaf of the first wish never to be written to again
objected=
previous=null
count=0
proved=1
ref=$(grep -ao '"ref":"[0-9a-f]\{32\}"}' entries/0001.json | head -n 1)
: > "$work/leaves"
: > "$work/stamps"
UNWRITTEN='is canonical JSON of one kind, of this log'
# By number: 10000 would come before 1001 among names.
while printf -v name 'entries/%04d' $((count + 1)) && [ -e "$name.json" ]; do
  body=$name.json
  count=$((count + 1))
  before=$previous
  included "$name"; check $? "$name ($(field kind "$body")) is in the log"
  previous="\"$committed\""
  written "$body" || { bad "$name $UNWRITTEN"; continue; }
  remember "$name" "$body"
  if whole "$index" && grep -aqF '"kind":"object"' "$body"; then objected=${objected:-$index}; fi
  only "\"subject\":{\"n\":$count,\"prev\":$before,$ref" '"subject":{[^}]*}' "$body"; check $? "$name follows the entry before it"
  if grants "$body" || permits "$body"; then
    told "${name#entries/}" || { proved=0; echo "note  $name grants, and the webhook it rests on is not whole in the bundle, or has no word of a time"; }
  fi
done
[ "$count" -gt 0 ] && [ "$(grep -c '^\./entries/[0-9].*\.json$' "$work/here")" = "$count" ]; check $? 'the entries are numbered from 1'
printf '{"head":%s,"n":%s,%s,"size":%s,"v":1}' "$previous" "$count" "${ref%\}}" "$size" | cmp -s - entries/chain.json; check $? "the operator states that the chain ends with entry $count"

for body in sends/[0-9]*.message.json; do
  [ -e "$body" ] || continue
  name=${body%.message.json}
  included "$name"; check $? "$name (the chunk it was authorised with) is in the log"
  written "$name.json" && written "$body" || { bad "$name $UNWRITTEN"; continue; }
  remember "$name" "$body"
  if [ -n "$objected" ] && whole "$index" && [ "$index" -gt "$objected" ]; then bad "$name was authorised although the person had asked never to be written to again"; fi
  tail -n +4 "$name.inner" > "$work/path"
  position=$(line 2 "$name.inner"); position=${position#position }
  of=$(line 3 "$name.inner"); of=${of#of }
  commitment "$body" "$name.message.nonce"
  leaf "$digest"
  fold "$digest" "$position" "$of" "$work/path" && [ "$(sed -n 's/.*,"n":\([0-9]*\),"page":"[^"]*","root":"\([0-9a-f]*\)"\(,"test":true\)\{0,1\},"v":1}$/\1 \2/p' "$name.json")" = "$of $fold" ] &&
    [ "$(wc -c < "$name.message.nonce")" = 64 ]; check $? "$name is one of the $of messages of its chunk"
done

# The webhook: each piece that is here, against its hash in the entry
for piece in evidence/*/seg.*.bin; do
  [ -e "$piece" ] || continue
  number=${piece#evidence/}; number=${number%%/*}
  place=${piece##*/seg.}; place=${place%.bin}
  case $place in *[!0-9]* | ??????* | '') bad "$piece was logged"; continue ;; esac
  place=$((10#$place + 1))
  if [ -e "${piece%.bin}.nonce" ]; then kind=e; commitment "$piece" "${piece%.bin}.nonce"; else kind=p; digest_of "$piece"; fi
  logged=$(pieces "entries/$number.json" | sed -n "${place}p")
  [ "$logged" = "\"$kind\",$(wc -c < "$piece"),\"$digest\"" ] && only '"segs":[' '"segs":\[' "entries/$number.json"; check $? "$piece was logged"
done
for text in notices/*.txt; do
  [ -e "$text" ] || continue
  digest_of "$text"
  [ "$digest.txt" = "${text#notices/}" ]; check $? "$text is the wording its name says"
done

# The time: with an authority of yours its stamps count, without one those of the operator
independent=0
stamped() { awk -v name="$origin" '{ if (f && $2 != name) exit; print } /^$/ { f = 1 }' "$1"; }
for token in anchors/*.tsr; do
  [ -e "$token" ] || continue
  which=${token#anchors/}; which=${which%.tsr}
  note=checkpoints/${which%.self}.note
  grep -qxF "$note" "$work/notes" || { bad "$token is over a checkpoint that does not hold or has no place here"; continue; }
  stamped "$note" > "$work/stamped"
  case $which in
    *.self) trust="anchors/$which.pem"; label='SELF, no independent proof'; counts=${authority:+no} ;;
    *) trust=$authority; label='by the authority you gave'; counts= ;;
  esac
  if [ -z "$trust" ]; then
    printf 'note  %s is from outside: give the PEM of an authority you trust to check it\n' "$token"
    continue
  fi
  when=$(stamp_time "$token") && said=$(seconds "$when") && whole "$(line 2 "$note")" &&
    { openssl ts -verify -attime "$said" -in "$token" -data "$work/stamped" -CAfile "$trust" -untrusted "${token%.tsr}.tsa.pem" > /dev/null 2>&1 ||
      openssl ts -verify -attime "$said" -in "$token" -data "$work/stamped" -CAfile "$trust" > /dev/null 2>&1; }
  holds=$?
  check $holds "$token: $when ($label)"
  [ $holds = 0 ] && [ -z "$counts" ] || continue
  printf '%s %s\n' "$(line 2 "$note")" "$said" >> "$work/stamps"
  [ -z "$authority" ] || independent=1
done

# bracket <index>: the latest stamp of a checkpoint that does not hold the leaf, and the earliest of one that does. A stamp that an
# old checkpoint got later than that says nothing.
bracket() {
  awk -v index_="$1" '
    { size[NR] = $1 + 0; at[NR] = $2 + 0 }
    $1 + 0 > index_ + 0 && (high == "" || $2 + 0 < high) { high = $2 + 0 }
    END {
      for (k = 1; k <= NR; k++)
        if (size[k] <= index_ + 0 && (high == "" || at[k] <= high) && (low == "" || at[k] > low)) low = at[k]
      printf "%s %s\n", (low == "" ? "-" : sprintf("%.0f", low)), (high == "" ? "-" : sprintf("%.0f", high))
    }' "$work/stamps"
}
covered=1
while read -r name index at since acted; do
  said=$(seconds "$at")
  read -r low high < <(bracket "$index")
  printf 'time  %s: says %s; %s, %s\n' "$name" "$at" "$(moment "$low" lower 'not before')" "$(moment "$high" upper 'there by')"
  if [ "$low" != - ] && [ "$said" -lt $((low - 300)) ]; then bad "$name says a time at which the log did not hold it: it is dated back"
  elif [ "$acted" -gt $((said + 300)) ]; then bad "$name says that the act happened after it was written: it is dated ahead"; fi
  if [ "$high" != - ] && [ "$said" -gt $((high + 300)) ]; then bad "$name says a time after a stamp over it: it is dated ahead"; fi
  [ "$independent" = 1 ] || continue
  if [ "$high" = - ]; then
    covered=0
    echo "note  $name: nobody outside has vouched for it yet"
  elif [ $((high - since)) -gt 172800 ]; then
    covered=0
    echo "note  $name: the first word from outside came $(((high - since) / 86400)) days later: that it is so old is the operator's word"
  fi
done < "$work/leaves"

[ "$independent" = 1 ] || echo "note  no time-stamp of an authority you gave: the time rests on the operator's word"
[ "$failed" = 0 ] || { echo 'NOT PROVED.'; exit 1; }
echo 'Everything that is checked here holds.'
[ "$independent$covered$proved" = 111 ] || exit 2
