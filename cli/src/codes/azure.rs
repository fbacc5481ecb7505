//! Roles in Azure.

use super::Page;

pages! {
    rbac_entity "no entity of a namespace"
        "Roles are assigned on queues, topics and subscriptions."
        "Write `queue:NAME`, `topic:NAME` or `subscription:TOPIC/NAME`."
    rbac_entity_name "a name that cannot stand in an id"
        "Azure's documentation does not say how the id of a resource spells this name, a slash in it for example."
        "Assign the role by hand, where the portal shows the entity."
    rbac_namespace "no namespace of Service Bus"
        "Roles are assigned in the namespace that the policy's `tool` names by its host."
        "Write `tool azure_service_bus at namespace(\"NAME.servicebus.windows.net\")`."
    rbac_no_service_bus "no Service Bus in the policy"
        "The policy has no `tool azure_service_bus`, or one of which nothing is allowed, so its calls need no role."
        "Give the artifact of a policy that uses the Service Bus."
}
