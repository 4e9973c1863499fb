# Says who it is, waits at the FIFO `gate` for a word, and then gives `output`, the last member of its input.
read -r order
input=${order#'{"input":'}
input=${input%%,'"workflow_id"'*}
gate=${input#*'"gate":"'}
gate=${gate%%\"*}
output=${input#*'"output":'}
sleep 1000 &
trap 'kill $!' EXIT
printf '{"type":"log","text":"waiting %s %s"}\n' $$ $!
read -r word <"$gate"
if [ "$word" = go ]; then printf '{"type":"result","output":%s}\n' "${output%\}}"; fi
[ "$word" = go ]
