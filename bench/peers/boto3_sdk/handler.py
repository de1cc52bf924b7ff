"""The job of the ingress, done in the usual way: with PyNaCl's signing module and boto3."""

import json
import os
import time

import boto3
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

key = VerifyKey(bytes.fromhex(os.environ["DISCORD_PUBLIC_KEYS"]))
sqs = boto3.client("sqs")


def handler(event: dict, context: object) -> dict:
    headers, body = event["headers"], event["body"]
    timestamp = headers["x-signature-timestamp"]
    try:
        key.verify(f"{timestamp}{body}".encode(), bytes.fromhex(headers["x-signature-ed25519"]))
    except (BadSignatureError, ValueError):
        return {"statusCode": 401, "headers": {"content-type": "application/json"}, "body": "{}"}
    message = {"kind": "interaction", "received_at": int(time.time()), "body": json.loads(body)}
    sqs.send_message(QueueUrl=os.environ["WORK_QUEUE_URL"], MessageBody=json.dumps(message))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"type": 5})}
