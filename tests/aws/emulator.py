"""AWS on this machine: an emulator that runs the real binaries and minds the policies of their roles."""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

import boto3
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
# The emulator's root user.
ROOT_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Emulator:
    """A running emulator; as a context manager, it ends with its block."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, **ROOT_KEYS, "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION,
                            "AWS_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}

    def __enter__(self) -> "Emulator":
        settings = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder),
            "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), "AWS_ENDPOINT_URL": self.url,
            # Roles and policies count, and functions are run as programs.
            "AUTH": "true", "LAMBDA_EXECUTOR": "local",
            # Services that would listen on ports of their own.
            "IOT_MTLS_ENABLED": "false", "SFTP_ENABLED": "false",
        }
        self.log = (self.folder / "emulator.log").open("w")
        program = pathlib.Path(os.environ["EMULATOR"]) / "bin/ministack"
        self.process = subprocess.Popen([program], env=settings, cwd=self.folder, stdout=self.log, stderr=self.log)
        eventually("the emulator is up", self.is_up, 30)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def client(self, service: str, keys: dict | None = None):
        """A client of one of AWS's services, the root user's unless there are other keys."""
        keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)

    def deploy(self, stack: str) -> dict[str, str]:
        """Deploys the template with the functions in target/functions, and returns the stack's outputs."""
        template = self.folder / "template.json"
        template.write_text(json.dumps(as_the_emulator_takes_it()))
        self.client("s3").create_bucket(Bucket="artifacts")
        command = [pathlib.Path(os.environ["DEPLOY"]) / "bin/sam", "deploy", "--template-file", template, "--stack-name", stack,
                   "--s3-bucket", "artifacts", "--capabilities", "CAPABILITY_IAM", "--no-progressbar"]
        done = subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        [described] = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {it["OutputKey"]: it["OutputValue"] for it in described["Outputs"]}


def as_the_emulator_takes_it() -> dict:
    """The template; an alarm on a sum of metrics, which the emulator does not know, watches the first of them."""
    template = yaml_parse((ROOT / "infra/aws/template.yaml").read_text())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            first = next(it["MetricStat"] for it in properties.pop("Metrics") if "MetricStat" in it)
            properties |= first["Metric"] | {"Statistic": first["Stat"], "Period": first["Period"]}
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = str((ROOT / "infra/aws" / properties["CodeUri"]).resolve())
    return template


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what: str, is_so, seconds: float):
    """Waits for something to be so, and returns what it is; ends the test where it is not in time."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        found = is_so()
        if found:
            print(f"  ✓ {what} ({time.monotonic() - began:.0f} s)", flush=True)
            return found
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds} s: {what}")
