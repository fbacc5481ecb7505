//! Decisions, and what is not a call.

use super::Page;

pages! {
    explicit_deny "a deny forbids the call"
        "A `deny` of the policy speaks of this call, or cannot tell that it does not: a resource or \
         property that differs from a denied one in letter case only is denied too. No allow can \
         overrule it."
        "Use `wpc why` to see which deny. If the call should be possible, the policy's author changes \
         the policy and signs it again."
    default_deny "nothing allows the call"
        "What no `allow` covers is refused. An allow covers a call only if its resource is named \
         exactly, letter case included, and every condition is true; a condition on something absent \
         is not true."
        "Use `wpc why` to see the nearest allow and its first condition that is not true."
    order_denied "something else must be done first, or must not have been done"
        "A `before` of the policy waits for the outcome `done` of another call of this job, of the same \
         resource or with the same values where it says so; or a `separate` stands between this call and \
         one that the job was admitted to."
        "Do what the `before` waits for, and let the tool report what it returned. What a `separate` keeps \
         apart belongs into two jobs."
    approval_required "people must approve the call first"
        "The policy says `require approval of` this action, and not enough of the people it names \
         have approved this call."
        "Nothing can approve in this version: such calls are always refused."
    limit_exceeded "a limit is used up"
        "Admitting the call would charge more than a `limit` of the policy has left in its window. \
         Charges of admitted calls are never given back; refused calls charge nothing."
        "Wait until the window has moved on, if it is a sliding one. A limit `per job` is used up for \
         good: begin a new job."
    undecided "the decision could not be made"
        "An amount that a limit counts is missing, negative, or too large to add up. What cannot be \
         decided is refused."
        "Correct the call."

    not_json "the call is not JSON"
        "The text is not one JSON object, is cut off, or is followed by more."
        "Give `{\"tool\":…,\"action\":…,\"resource\":{…},\"arguments\":{…}}`."
    duplicate_key "one key stands twice"
        "An object of the call has the same key twice: two readers could read it differently."
        "Give each key once."
    too_large "too many bytes"
        "A file, call or list is beyond the bound that every reader checks first, so that hostile \
         input cannot exhaust it."
        "Give a smaller one."
    unknown_member "a member that calls do not have"
        "A call has `tool`, `action`, `resource` and `arguments`, nothing else."
        "Remove it."
    missing_member "a member is missing"
        "A call names its `tool` and `action`, and its resource names its `kind` and parameters."
        "Add it."
    unknown_tool "the policy does not have this tool"
        "Only tools that the policy binds can be called."
        "Use a tool that `wpc show` lists."
    unknown_action "the policy does not speak of this action"
        "The artifact embeds only the actions that some statement of the policy names; the rest do \
         not exist for it."
        "Use an action that `wpc show` lists."
    unknown_kind "the action does not take this kind of resource"
        "Each action takes only the resource kinds that its interface gives it."
        "Use a kind that the action takes."
    wrong_resource "a resource too many or too few"
        "The action takes a resource and none is given, or takes none and one is given, or the \
         resource's parameters are not those of its kind."
        "Compare the call with the tool's interface."
    unknown_argument "an argument that does not exist"
        "The action, or the record that it takes, has no argument of this name. Names are exact, \
         letter case included."
        "Correct the name."
    missing_argument "a required argument is missing"
        "Every argument that is not optional must be there before anything is decided."
        "Add it."
    wrong_type "a value of another type"
        "The interface types every argument; a number in quotes is not a number."
        "Give a value of the argument's type."
    out_of_range "a number outside its range"
        "Counts, sizes and durations are never negative, and no number is beyond 2^53-1."
        "Give a number within the range."
    bad_name "a name that cannot exist"
        "A resource name, host or address is not one that such a thing can have, or is not in its \
         one spelling."
        "Correct the name."
    bad_choice "none of the choice's words"
        "The argument takes one of a few words."
        "Use one of them."
    measured_stated "an argument that only the tool may state"
        "A `measured` argument is computed by the tool from what is really sent; a caller that states \
         it could lie."
        "Leave it out. Only questions (`wpc why`) and tests state measured arguments."
    not_measured "an argument that the tool does not measure"
        "Only what the interface marks `measured` is added by the tool, once."
        "Correct the tool."
    stated_differs "an argument that is stated otherwise than it is described"
        "A parameter or `with(…)` says one thing, the value that would be sent another; deciding on the \
         first would admit the second."
        "Leave the parameter out: the value describes itself."
}
