"""The wire rules: what a correct gateway does where formats differ, and the tests that hold Podium to each of them."""

from __future__ import annotations

from msgspec import Struct

ANTHROPIC = "tests/unit/dialects/anthropic/"
GEMINI = "tests/unit/dialects/gemini/"
RESPONSES = "tests/unit/dialects/openai_responses/"
CHAT = "tests/unit/dialects/"
BEDROCK = "tests/unit/dialects/bedrock/"


class Rule(Struct, frozen=True):
    """One rule."""

    says: str
    scenarios: tuple[str, ...] = ()
    """Played on every pair."""
    tests: tuple[str, ...] = ()
    """`file::test`; a case table counts as one."""


RULES: tuple[Rule, ...] = (
    Rule(
        "The index of a tool call counts calls, not content blocks; parallel calls keep their own.",
        ("parallel calls keep their order and results",),
        (
            ANTHROPIC + "test_anthropic_streams.py::test_whole",
            CHAT + "test_chat_stream_writer.py::test_calls_keep_their_index_and_name_themselves_once",
        ),
    ),
    Rule(
        "A call's id and name come once, then fragments of its arguments, which are never parsed anew or put in "
        "another order.",
        ("a tool is called and its result answered",),
        (
            CHAT + "test_chat_call_pieces.py::test_any_split_gives_the_same_events",
            CHAT + "test_chat_stream_writer.py::test_calls_keep_their_index_and_name_themselves_once",
        ),
    ),
    Rule(
        "Arguments are a JSON string at OpenAI and an object elsewhere; an empty string means `{}`; some backends send "
        "them in the closing event alone.",
        ("a tool is called and its result answered", "parallel calls keep their order and results"),
        (
            RESPONSES + "test_responses_streams.py::test_streams_are_read_whole_and_byte_by_byte",
            GEMINI + "test_gemini_streams.py::test_fragments_of_calls_become_whole_objects",
            BEDROCK + "test_bedrock_requests.py::test_digits_of_arguments_stay_as_they_were_written",
        ),
    ),
    Rule(
        "The results of parallel calls become one Anthropic user turn, results first.",
        ("parallel calls keep their order and results", "results in another order find their calls"),
        (ANTHROPIC + "test_anthropic_conversations.py::test_written",),
    ),
    Rule(
        "Gemini's calls may lack ids: they get one, and results find them again.",
        ("results in another order find their calls",),
        (
            GEMINI + "test_gemini_streams.py::test_calls_without_identifiers_get_unlike_ones",
            GEMINI + "test_gemini_bodies.py::test_parallel_results_are_one_turn_in_the_order_of_their_calls",
        ),
    ),
    Rule(
        "Gemini's STOP with a call means `tool_calls`, also when it comes in a later, empty chunk.",
        ("a late finish still means the calls",),
        (GEMINI + "test_gemini_streams.py::test_whole_and_one_byte_at_a_time",),
    ),
    Rule(
        "`required`, `any` and `ANY` are the same choice; a forced tool together with thinking is refused in words.",
        ("a call can be forced", "a forced tool leaves no room for thought"),
        (
            ANTHROPIC + "test_anthropic_options.py::test_tool_choices",
            CHAT + "test_openai_chat.py::test_tool_choice_by_any_name_is_understood_and_forwarded_as_it_came",
        ),
    ),
    Rule(
        "`parallel_tool_calls: false` is `disable_parallel_tool_use`.",
        ("parallel calls can be forbidden",),
        (ANTHROPIC + "test_anthropic_options.py::test_options_written",),
    ),
    Rule(
        "Instructions become the wire's own place for them; cache marks survive; neighbours of one role merge.",
        (
            "a system prompt reaches the model",
            "several instructions all reach the model",
            "instructions in the middle reach the model",
            "a cache mark reaches the vendor",
        ),
        (
            ANTHROPIC + "test_anthropic_conversations.py::test_written",
            GEMINI + "test_gemini_bodies.py::test_system_goes_apart_and_roles_merge",
        ),
    ),
    Rule(
        "Images go as data URL, base64 or inline data; an address is passed on where the provider takes it, and "
        "private ones are never fetched.",
        ("an image arrives byte for byte", "two images arrive in order", "an images address is passed on"),
        ("tests/unit/providers/test_provider_fetch.py::test_nothing_at_home_is_fetched",),
    ),
    Rule(
        "Anthropic must be given `max_tokens`; OpenAI's reasoning models take `max_completion_tokens`.",
        ("a limit cuts and says so",),
        (
            ANTHROPIC + "test_anthropic_options.py::test_the_gateways_limit_holds_where_the_caller_set_none",
            CHAT + "test_openai_chat.py::test_the_answer_limit_goes_by_the_name_the_provider_takes",
        ),
    ),
    Rule(
        "Thinking blocks and their signatures, redacted ones too, go back verbatim and before the calls.",
        ("signed reasoning goes back to its maker", "sealed reasoning goes back to its maker"),
        (ANTHROPIC + "test_anthropic_conversations.py::test_other_wires_reasoning_comes_back_through_a_caller",),
    ),
    Rule(
        "Gemini's thought signatures likewise; no vendor is shown another's.",
        (
            "signed reasoning goes back to its maker",
            "reasoning nobody asked to see goes back too",
            "a conversation goes on at another vendor",
        ),
        (GEMINI + "test_gemini_streams.py::test_another_vendors_signature_survives_googles_client",),
    ),
    Rule(
        "Encrypted reasoning and `previous_response_id` go back to the account that made them.",
        ("signed reasoning goes back to its maker",),
        (RESPONSES + "test_responses_continuing.py::test_a_tools_result_goes_back_with_the_reasoning_to_its_maker",),
    ),
    Rule(
        "Reasons to stop keep their meaning; Gemini's malformed call is an error; an unknown one never crashes.",
        ("a limit cuts and says so", "a stop sequence ends the answer", "a refusal is told as one"),
        (
            ANTHROPIC + "test_anthropic_answers.py::test_what_answers_mean",
            GEMINI + "test_gemini_replies.py::test_why_it_stopped",
            GEMINI + "test_gemini_replies.py::test_a_faulty_end_is_an_error_with_its_usage",
            BEDROCK + "test_bedrock_answers.py::test_answers",
        ),
    ),
    Rule(
        "A refusal is told as one, streamed and whole.",
        ("a refusal is told as one", "a streamed refusal is told as one"),
        (
            CHAT + "test_openai_chat.py::test_text_tool_calls_refusal_and_finish",
            CHAT + "test_refusals_between_wires.py::test_a_refusal_finishes_as_one_at_a_gemini_client",
        ),
    ),
    Rule(
        "OpenAI's prompt tokens include cached ones, Anthropic's exclude them: both are priced once, each at its own "
        "price.",
        (
            "figures are the vendors own and priced once",
            "cached tokens are told and priced as such",
            "a cache mark reaches the vendor",
        ),
        (CHAT + "test_openai_chat.py::test_usage_counts_each_token_once",),
    ),
    Rule(
        "Figures in `message_delta` are cumulative and may be partial: merged, never summed.",
        ("figures are the same whole and streamed",),
        (ANTHROPIC + "test_anthropic_streams.py::test_whole",),
    ),
    Rule(
        "Gemini's thoughts are output tokens.",
        ("reasoning is shown and counted",),
        (
            GEMINI + "test_gemini_replies.py::test_figures",
            GEMINI + "test_gemini_streams.py::test_usage_is_split_as_google_splits_it",
        ),
    ),
    Rule(
        "With `include_usage` the last chunk has no choices; figures are always asked for upstream and shown to who "
        "asked.",
        ("figures are the same whole and streamed",),
        (
            CHAT + "test_openai_chat.py::test_streams_are_always_asked_for_usage_and_keep_other_options",
            CHAT + "test_chat_stream_writer.py::test_usage_only_for_who_asked",
        ),
    ),
    Rule(
        "Blocks open and close strictly in order, with one start, and thinking never inside text.",
        ("parallel calls keep their order and results", "reasoning is shown and counted"),
        (
            ANTHROPIC + "test_anthropic_streams.py::test_interleaved_calls_come_out_one_after_another",
            ANTHROPIC + "test_anthropic_streams.py::test_late_text_and_reasoning_wait_for_the_call",
            RESPONSES + "test_responses_streams.py::test_any_events_make_an_orderly_stream",
        ),
    ),
    Rule(
        "Pings and unknown events are ignored; long silences get heartbeats that every client ignores.",
        (),
        (
            ANTHROPIC + "test_anthropic_streams.py::test_marks_of_frames",
            "tests/unit/server/test_relay.py::test_a_silent_stream_is_kept_alive",
            CHAT + "test_chat_stream_writer.py::test_the_official_client_reads_it_and_skips_heartbeats",
            GEMINI + "test_gemini_streams.py::test_heartbeats_are_invisible_to_googles_client",
        ),
    ),
    Rule(
        "Errors keep their meaning across shapes; an overload is 503, Anthropic's own word for it is 529; an error "
        "inside a 200 stream is an error.",
        (
            "an error keeps its meaning",
            "an unknown model is the sdks own error",
            "an error after content is no answer",
        ),
        ("tests/unit/providers/test_provider_faults.py::test_errors_as_providers_write_them",),
    ),
    Rule(
        "A stream that ends without a finish has failed; a missing end mark after a finish has not.",
        ("a stream that breaks is no answer", "end marks may be missing or doubled"),
        (
            "tests/unit/engine/test_engine_streams.py::test_a_stream_without_a_finish_is_never_a_success",
            "tests/unit/engine/test_engine_streams.py::test_an_end_without_its_mark_is_given_one",
        ),
    ),
    Rule(
        "Opening frames are held back until there is content, so that another vendor can still answer.",
        ("an overload before any content goes to another vendor",),
        ("tests/unit/engine/test_engine_streams.py::test_frames_before_content_are_held_back",),
    ),
    Rule(
        "Several answers are given or refused, never silently one.",
        ("several answers are several",),
        (CHAT + "test_chat_bodies.py::test_several_answers_are_never_silently_one",),
    ),
    Rule(
        "Log probabilities are given or refused, never invented.",
        ("log probabilities come with the answer",),
        (CHAT + "test_refusals_between_wires.py::test_log_probabilities_are_refused_where_they_would_be_lost",),
    ),
    Rule(
        "A schema goes natively where there is one, else as a forced tool, streamed too; what a wire's schemas lack is "
        "left out and said; JSON that was cut is `length`.",
        (
            "an answer keeps to its schema",
            "tools and a schema go together",
            "json of any shape is json",
            "a limit cuts and says so",
        ),
        (
            ANTHROPIC + "test_anthropic_options.py::test_by_forced_call",
            ANTHROPIC + "test_anthropic_options.py::test_lost_constraints_are_named",
            GEMINI + "test_gemini_bodies.py::test_a_schema_is_cut_to_the_documented_keywords",
            CHAT + "test_chat_bodies.py::test_a_schema_for_json_mode_joins_the_first_instruction",
        ),
    ),
    Rule(
        "A cut answer is continued only by models that take one begun for them.",
        (),
        (ANTHROPIC + "test_anthropic_conversations.py::test_no_prefill_for_models_without",),
    ),
    Rule(
        "Retry-After and request ids are passed on; a client that leaves ends the vendor's work, and what was used is "
        "billed. Not yet before the first byte of an answer: until then the HTTP client lets a call run to its time "
        "limit, and two tests expect to fail.",
        (
            "how long to wait is passed on",
            "an error keeps its meaning",
            "leaving a stream ends the vendors work",
        ),
        (
            "tests/unit/engine/test_engine_streams.py"
            "::test_a_caller_who_leaves_early_cancels_the_upstream_and_pays_for_what_came",
            "tests/integration/gateway/test_gateway_leaving.py::test_leaving_a_stream_in_its_middle",
        ),
    ),
)
