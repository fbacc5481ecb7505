"""rbac.py FILES TOLD: FILES.bicep, FILES.json and what `az` was told assign the same roles."""

import json
import pathlib
import re
import sys

from pycep import BicepParser

files, told = sys.argv[1:]


def of_bicep():
    parsed = BicepParser().parse(text=pathlib.Path(f"{files}.bicep").read_text())
    resources = parsed["resources"]
    paths = {}

    def path(name):
        if name not in paths:
            config = resources[name]["config"]
            kind = resources[name]["type"].rsplit("/", 1)[-1]
            above = path(config["parent"]) if "parent" in config else "Microsoft.ServiceBus"
            paths[name] = f"{above}/{kind}/{config['name']}"
        return paths[name]

    found = set()
    for resource in resources.values():
        if "roleAssignments" not in resource["type"]:
            assert resource["existing"], resource
            continue
        properties = resource["config"]["properties"]
        role = properties["roleDefinitionId"]["function"]["parameters"]["resource_name_1"]
        found.add((path(resource["config"]["scope"]), role, properties["principalId"].removesuffix("PrincipalId")))
    assert set(parsed["parameters"]) == {f"{principal}PrincipalId" for _, _, principal in found}
    return found


def of_template():
    template = json.loads(pathlib.Path(f"{files}.json").read_text())
    found, names = set(), set()
    for resource in template["resources"]:
        properties = resource["properties"]
        role = re.fullmatch(
            r"\[subscriptionResourceId\('Microsoft.Authorization/roleDefinitions', '([0-9a-f-]{36})'\)\]",
            properties["roleDefinitionId"],
        )[1]
        principal = re.fullmatch(r"\[parameters\('(\w+)PrincipalId'\)\]", properties["principalId"])[1]
        of, parts = re.match(r"\[guid\(resourceId\('([^']+)', (.*?)\), parameters", resource["name"]).groups()
        parts = re.findall(r"'([^']+)'", parts)
        # The id that the name is made of is the scope.
        kinds = of.split("/")[1:]
        assert "/".join(["Microsoft.ServiceBus", *(x for pair in zip(kinds, parts, strict=True) for x in pair)]) == resource["scope"]
        assert resource["name"] not in names
        names.add(resource["name"])
        found.add((resource["scope"], role, principal))
    return found


def of_commands():
    words = pathlib.Path(told).read_text().split("\n")[:-1]
    found = set()
    while words:
        call, words = words[:11], words[11:]
        assert call[:3] == ["role", "assignment", "create"], call
        options = dict(zip(call[3::2], call[4::2], strict=True))
        assert options["--assignee-principal-type"] == "ServicePrincipal"
        scope = options["--scope"].removeprefix("/subscriptions/sub/resourceGroups/group/providers/")
        found.add((scope, options["--role"], options["--assignee-object-id"]))
    return found


bicep, template, commands = of_bicep(), of_template(), of_commands()
assert bicep and bicep == template == commands, (bicep, template, commands)
print(f"{pathlib.Path(files).name}: {len(bicep)} assignments, the same in Bicep, as a template and as commands")
