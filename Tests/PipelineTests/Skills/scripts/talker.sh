read -r order
much() { head -c "$1" /dev/zero | tr '\0' x; }
case $order in
*'"a large output"'*) printf '{"type":"result","output":{"text":"%s"}}\n' "$(much 2000)" ;;
*'"a long line"'*) printf '{"type":"log","text":"%s"}\n' "$(much 20000)" ;;
*'"many artifacts"'*)
    for name in a b c d e; do
        printf '{"type":"artifact","name":"%s","payload":{},"confidence":1,"summary":"one more"}\n' $name
    done
    ;;
*'"no JSON"'*) echo 'Traceback (most recent call last):' ;;
*'"an own code"'*) echo '{"type":"error","code":"out_of_ink","message":"the pen is empty","permanent":true}' ;;
*'"nothing"'*) exit 0 ;;
*'"its death"'*) kill -9 $$ ;;
esac
