"""The deployed HTTP endpoint, asked as an organisation's people ask it: with IAM signatures, or without."""

import http.client
import json
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator import REGION, Emulator


class Endpoint:
    """The endpoint, as one person sees it."""

    def __init__(self, emulator: Emulator, url: str, keys: dict | None = None):
        self.port = emulator.port
        self.url = url
        self.keys = keys

    def as_member_of(self, emulator: Emulator, name: str, policy: str) -> "Endpoint":
        """The endpoint as a new IAM user sees it to whom this policy is attached, and no other."""
        iam = emulator.client("iam")
        iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return Endpoint(emulator, self.url, keys)

    def ask(self, method: str, path: str, body=None) -> tuple[int, dict]:
        """Asks, and returns the status and the JSON that came."""
        data = json.dumps(body).encode() if body is not None else b""
        request = AWSRequest(method, self.url + path, data=data, headers={"content-type": "application/json"})
        if self.keys:
            credentials = Credentials(self.keys["aws_access_key_id"], self.keys["aws_secret_access_key"])
            SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        # The endpoint's host has a name that not every resolver takes for this machine.
        headers = {**dict(request.headers), "host": urllib.parse.urlsplit(self.url).netloc}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}
