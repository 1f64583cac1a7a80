"""Clouds that serve other companies' models under their own sign-in: an address for each region, a signed call."""

from __future__ import annotations

from podium.models.dialects import Quirks

from .preset import Listing, Preset, Slot, Wire

_GOOGLE_SLOTS = (
    Slot(name="project", variables=("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID")),
    Slot(name="region", variables=("GOOGLE_CLOUD_LOCATION", "CLOUD_ML_REGION"), default="global"),
)
_GOOGLE_HOSTS = {
    "global-aiplatform.googleapis.com": "aiplatform.googleapis.com",
    "us-aiplatform.googleapis.com": "aiplatform.us.rep.googleapis.com",
    "eu-aiplatform.googleapis.com": "aiplatform.eu.rep.googleapis.com",
}
_VERTEX = "https://{region}-aiplatform.googleapis.com/v1/projects/{project}/locations/{region}/publishers"

CLOUDS = (
    Preset(
        name="bedrock",
        title="Amazon Bedrock",
        base_url="https://bedrock-runtime.{region}.amazonaws.com",
        wires=(
            Wire(
                dialect="bedrock-converse",
                path="/model/{model}/converse",
                stream_path="/model/{model}/converse-stream",
                quirks=Quirks(model_in_path=True, image_urls=False),
            ),
        ),
        auth="sigv4",
        key_variables=("AWS_BEARER_TOKEN_BEDROCK",),
        key_optional=True,
        slots=(Slot(name="region", variables=("AWS_REGION", "AWS_DEFAULT_REGION")),),
        listings=(Listing(path="https://bedrock.{region}.amazonaws.com/foundation-models", reader="bedrock"),),
        batching="bedrock",
        extra="bedrock",
        sign_up="console.aws.amazon.com",
        source="the paths and shapes botocore gives for bedrock-runtime and bedrock",
        note="With a Bedrock API key no extra is needed; without, AWS's usual credentials sign each call. They alone "
        "do not set it up, as they open far more than models: add `bedrock: {}` under `providers`.",
    ),
    Preset(
        name="vertex",
        title="Google Vertex AI: Gemini",
        base_url=f"{_VERTEX}/google",
        wires=(Wire(dialect="gemini", quirks=Quirks(image_urls=False)),),
        auth="google-oauth",
        key_optional=True,
        slots=_GOOGLE_SLOTS,
        hosts=_GOOGLE_HOSTS,
        listings=(),
        batching="vertex",
        extra="vertex",
        sign_up="console.cloud.google.com",
        source="the official google-genai SDK's choice of hosts and paths",
        note="Its list of models is not read: name yours under `models`, or use those the catalog knows.",
    ),
    Preset(
        name="vertex-anthropic",
        title="Google Vertex AI: Claude",
        base_url=f"{_VERTEX}/anthropic",
        wires=(
            Wire(
                dialect="anthropic",
                path="/models/{model}:rawPredict",
                stream_path="/models/{model}:streamRawPredict",
                quirks=Quirks(model_in_path=True, image_urls=False, extra={"anthropic_version": "vertex-2023-10-16"}),
            ),
        ),
        auth="google-oauth",
        key_optional=True,
        slots=_GOOGLE_SLOTS,
        hosts=_GOOGLE_HOSTS,
        listings=(),
        extra="vertex",
        sign_up="console.cloud.google.com",
        source="the official anthropic SDK's Vertex client",
        note="It has no list of models: name yours under `models`, or use those the catalog knows.",
    ),
)
