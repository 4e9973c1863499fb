#!/bin/sh
# Asks for a workflow with Debian's amqp-tools, and prints the answer.
#
#     BATON_AMQP_URL=amqp://producer:PASSWORD@HOST:5672/baton ./request.sh REQUEST_ID DEFINITION [INPUT]
#
# The same request id again is the same workflow: after any doubt, ask again.
set -eu
request_id=$1 definition=$2 input=${3:-"{}"}
reply=reply.$request_id.$$

amqp-declare-queue --url "$BATON_AMQP_URL" --queue "$reply" >/dev/null
trap 'amqp-delete-queue --url "$BATON_AMQP_URL" --queue "$reply" >/dev/null' EXIT

# amqp-publish sets no message id, type or correlation id: the CloudEvents headers say them.
amqp-publish --url "$BATON_AMQP_URL" --exchange workflow --routing-key workflow.requested \
    --persistent --content-type application/json --reply-to "$reply" \
    --header "ce-specversion: 1.0" --header "ce-id: $request_id.$$" --header "ce-type: workflow.requested" \
    --header "ce-source: /shell/$(hostname)" \
    --body "{\"request_id\": \"$request_id\", \"workspace\": \"${BATON_WORKSPACE:-default}\",
             \"definition\": \"$definition\", \"input\": $input, \"actor\": {\"id\": \"$(id -un)\"}}"

# {"workflow_id": …}, or {"problems": […]}
timeout "${BATON_TIMEOUT:-10}" amqp-consume --url "$BATON_AMQP_URL" --queue "$reply" --count 1 cat
echo
