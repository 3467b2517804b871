"""One object against the plan of its table: presence, constraints, rules in words, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from linacsim.conformance.check.findings import About, Finding, State
from linacsim.conformance.check.items import CreatorAddress, Item, label_of, vr_of
from linacsim.conformance.check.modules import is_conditional
from linacsim.conformance.check.plan import Need, Node, Plan, RowPlan
from linacsim.conformance.check.readings import Compiled
from linacsim.conformance.check.scope import Instance, ObjectSet, Scope
from linacsim.conformance.check.values import Broken, Unknown, Unreadable, spelled
from linacsim.conformance.system import NOT_DOCUMENTED, Consequence, System, Way
from linacsim.conformance.tables import Sent

UNREAD_RULE = "nobody has read this sentence into a check yet"
NOTHING_TO_TELL = "the object does not say whether there was something to put into it"
NO_CONDITION = "the document gives no condition for this type 1C or 2C element; PS3.3 does"


@dataclass(slots=True)
class Judge:
    """Judges one object; its findings are in `findings`.

    Parameters
    ----------
    instance : Instance
        The object.
    objects : ObjectSet
        What came with it.
    """

    system: System
    way: Way
    instance: Instance
    objects: ObjectSet
    plan: Plan
    judged: set[str]
    findings: list[Finding] = field(default_factory=list)
    about: About = field(init=False)
    _said: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        one = self.instance
        self.about = About(one.file, one.name, one.uid, one.series)

    def run(self) -> list[Finding]:
        """Judge the object and return the findings."""
        self._walk(self.plan.nodes, self.instance.root)
        return self.findings

    def _walk(self, nodes: tuple[Node, ...] | Mapping[Any, Node], item: Item) -> None:
        for node in nodes if isinstance(nodes, tuple) else nodes.values():
            values = item.read(node.address)
            for row in node.rows:
                self._judge(row, node, item, values)
            if node.children and isinstance(values, list):
                for one in values:
                    if isinstance(one, Item):
                        self._walk(node.children, one)
        self._look_at_blocks(item)
        for tag, vr in item.wrong_vrs:
            self._wrong_vr(item.path_to(label_of(tag)), tag, vr)

    def _judge(self, row: RowPlan, node: Node, item: Item, values: list[Any] | Unreadable | None) -> None:
        if isinstance(values, Unreadable):
            self._unreadable(row, node, item, values)
            return
        if isinstance(node.address, CreatorAddress):
            self._creator(row, node, item, values)
            return
        if values is not None and self._is_of_another_module(row, node, item):
            return
        missing = self._presence(row, node, item, values)
        if values is None or not (row.tests or row.sentence):
            return
        scope = Scope(item, self.instance, self.objects, self.way, self.system, values)
        holds = self._guard(row, scope) if row.guarded else True
        if holds is False:
            return
        for test, on_empty in row.tests:
            rule = f"{row.rule}#{test.what}"
            self.judged.add(rule)
            if values or (on_empty and not missing):
                found = test.judge(values, scope)
                if found is not None:
                    self._value(row, node, item, rule, found, test.wanted, holds)
        if row.sentence and (values or node.children):
            self._rules(row, node, item, scope, holds)

    def _wrong_vr(self, path: str, tag: int, vr: str) -> None:
        if ("vr", path) not in self._said:
            self._said.add(("vr", path))
            self._say(f"{self.plan.iod.id}#vr", "PS3.6", path, f"VR {vr}", f"VR {vr_of(tag)}")

    def _unreadable(self, row: RowPlan, node: Node, item: Item, values: Unreadable) -> None:
        path = item.path_to(node.label)
        if (row.rule, path) in self._said:
            return
        self._said.add((row.rule, path))
        effect = self._consequence("value")
        self._say(f"{row.rule}#value", row.section, path, values.reason, f"a value of {row.row.label}", effect=effect)

    # -- presence ----------------------------------------------------------------------------------------------------

    def _presence(self, row: RowPlan, node: Node, item: Item, values: list[Any] | None) -> bool:
        """Judge whether an element is there; return whether it is missing."""
        need = row.need
        if need is Need.NONE:
            return False
        rule = f"{row.rule}#presence"
        self.judged.add(rule)
        if need is Need.NEVER:
            if values is not None:
                self._absence(row, node, item, values, "not sent")
            return False
        lacks = values is None or (not values and not row.may_be_empty)
        if need is Need.IF:
            return self._conditional(row, node, item, values, lacks)
        if not lacks or (row.first_only and item.index > 0) or self._standard(row, item) is False:
            return False
        if row.may_have_nothing and row.standard is None:
            self._nothing(row, node, item)
            return False
        if row.module is not None and (not row.module or self._is_left_out(row, item)):
            self._left_out(row)
        else:
            self._missing(row, node, item, values)
        return True

    def _nothing(self, row: RowPlan, node: Node, item: Item) -> None:
        path, sentence = item.path_to(node.label), "sent where there is something to tell"
        self._person(f"{row.rule}#presence", row, path, NOTHING_TO_TELL, sentence)

    def _is_of_another_module(self, row: RowPlan, node: Node, item: Item) -> bool:
        """Tell whether an element is there for another module than the row's, which is left out."""
        if len(node.rows) == 1 or not self._is_left_out(row, item):
            return False
        return not all(self._is_left_out(one, item) for one in node.rows)

    @staticmethod
    def _is_left_out(row: RowPlan, item: Item) -> bool:
        """Tell whether nothing is there of a row's module, which an object may leave out."""
        return bool(row.module) and all(item.read(one) is None for one in row.module or ())

    def _left_out(self, row: RowPlan) -> None:
        """Note, once, that a module is missing which an object may leave out."""
        module = row.row.module
        if self.way == "export" or ("module", module) in self._said or is_conditional(self.plan.iod, module):
            return
        self._said.add(("module", module))
        reason = "the system would read it; PS3.3 lets an object leave it out"
        rule = f"{self.plan.iod.id}:{module}#module"
        self._say(rule, row.section, "", f"no {module} module", "", state=State.NOTE, reason=reason)

    def _missing(self, row: RowPlan, node: Node, item: Item, values: list[Any] | None) -> None:
        found = "absent" if values is None else "no value"
        usual = row.need is Need.USUAL
        wanted = "there, empty if unknown" if row.may_be_empty else "there with a value"
        if row.row.type:
            wanted += f" (type {row.row.type})"
        self._say(
            f"{row.rule}#presence",
            row.section,
            item.path_to(node.label),
            found,
            wanted,
            state=State.NOTE if usual else State.BROKEN,
            effect=NOT_DOCUMENTED if usual else self._effect(row.conditions, "presence"),
            reason=row.row.note or "",
        )

    def _absence(self, row: RowPlan, node: Node, item: Item, values: list[Any], wanted: str) -> None:
        effect = self._effect(row.conditions, "presence")
        found = spelled(values)
        self._say(f"{row.rule}#presence", row.section, item.path_to(node.label), found, wanted, effect=effect)

    def _conditional(self, row: RowPlan, node: Node, item: Item, values: list[Any] | None, lacks: bool) -> bool:
        if not lacks and self.way == "import":
            return False
        if row.first_only and item.index > 0 and lacks:
            return False
        holds, person = self._condition(row, item, values)
        if isinstance(holds, Unknown):
            if lacks:
                sentence = f"needed where: {row.condition}" if row.condition else "needed on a condition"
                self._person(f"{row.rule}#presence", row, item.path_to(node.label), holds.reason, sentence)
            return False
        if holds and lacks and row.may_have_nothing:
            self._nothing(row, node, item)
            return False
        if holds and lacks:
            self._missing(row, node, item, values)
            return True
        sent_only_then = self.way == "export" and row.row.export is Sent.CONDITIONAL and not person
        if not holds and values is not None and sent_only_then:
            self._absence(row, node, item, values, f"sent only if: {row.condition}")
        return False

    def _condition(self, row: RowPlan, item: Item, values: list[Any] | None) -> tuple[bool | Unknown, str]:
        """Return whether the condition of a row holds in an item, and what of it is left to a person."""
        if not row.condition:
            standard = self._standard(row, item)
            return (Unknown(NO_CONDITION) if standard is None else standard), "PS3.3"
        scope = Scope(item, self.instance, self.objects, self.way, self.system, values)
        holds: bool | Unknown = True
        person = ""
        for reading in row.conditions:
            person = person or reading.person
            if reading.check is None:
                holds = Unknown(reading.person)
                continue
            found = reading.check.decide(scope)
            if isinstance(found, Unknown):
                holds = found
            elif not found:
                return False, person
        if not row.conditions:
            holds = Unknown(UNREAD_RULE)
        return holds, person

    def _standard(self, row: RowPlan, item: Item) -> bool | Unknown | None:
        """Return whether the condition of PS3.3 holds in an item; ``None`` if the row has none."""
        if row.standard is None:
            return None
        found = row.standard.decide(Scope(item, self.instance, self.objects, self.way, self.system))
        return found if isinstance(found, Unknown) else bool(found)

    def _guard(self, row: RowPlan, scope: Scope) -> bool | Unknown:
        """Return whether the values of a row count in an item."""
        whens = [one.when for one in row.conditions if one.when]
        if not whens:
            return self._condition(row, scope.item, scope.values)[0]
        unknown: Unknown | None = None
        for when in whens:
            found = when.decide(scope)
            if isinstance(found, Unknown):
                unknown = found
            elif not found:
                return False
        return True if unknown is None else unknown

    # -- values ------------------------------------------------------------------------------------------------------

    def _value(
        self, row: RowPlan, node: Node, item: Item, rule: str, found: str | Unknown, wanted: str, holds: bool | Unknown
    ) -> None:
        path = item.path_to(node.label)
        if isinstance(found, Unknown):
            self._person(rule, row, path, found.reason, wanted)
        elif isinstance(holds, Unknown):
            reason = f"counts only if: {row.condition} ({holds.reason})"
            self._person(rule, row, path, reason, wanted, found)
        else:
            effect = self._effect(row.rules, "value")
            self._say(rule, row.section, path, found, wanted, effect=effect, reason=row.row.note or "")

    def _rules(self, row: RowPlan, node: Node, item: Item, scope: Scope, holds: bool | Unknown) -> None:
        rule = f"{row.rule}#rule"
        self.judged.add(rule)
        path = item.path_to(node.label)
        if not row.rules:
            self._person(rule, row, path, UNREAD_RULE, row.sentence)
        for reading in row.rules:
            verdict = decide(reading, scope)
            if verdict is None:
                continue
            if reading.person:
                self._person(rule, row, path, reading.person, row.sentence, always=reading.check is None)
            if isinstance(verdict, Unknown):
                self._person(rule, row, path, verdict.reason, row.sentence)
            elif isinstance(verdict, Broken):
                found = verdict.found or (reading.check.found(scope) if reading.check else "")
                if isinstance(holds, Unknown):
                    self._person(rule, row, path, f"counts only if: {row.condition}", row.sentence, found)
                    continue
                effect = reading.effect or self._consequence("rule")
                for where in _places(verdict, path):
                    self._say(rule, row.section, where, found, row.sentence, effect=effect, sentence=row.sentence)

    def _creator(self, row: RowPlan, node: Node, item: Item, values: list[Any] | None) -> None:
        """Judge who reserved the blocks of a private group: others may be there beside those that the table names."""
        rule = f"{row.rule}#fixed"
        self.judged.add(rule)
        group = node.address.group if isinstance(node.address, CreatorAddress) else 0
        if not node.creators or node.creators & set(values or ()) or (values is None and not item.holds_block(group)):
            return
        wanted = " or ".join(sorted(node.creators))
        state = State.NOTE if self.way == "import" else State.BROKEN
        reason = "read under that creator only" if state is State.NOTE else ""
        found = spelled(values) if values else "a block without creator"
        self._say(rule, row.section, item.path_to(node.label), found, wanted, state=state, reason=reason)

    def _look_at_blocks(self, item: Item) -> None:
        """Note private blocks that the system's tables do not know."""
        for group in {tag >> 16 for tag in item.dataset.keys() if tag >> 16 & 1}:  # noqa: SIM118 - a data set iterates elements
            for creator in item.creators(group):
                if creator not in self.plan.creators and (str(group), creator) not in self._said:
                    self._said.add((str(group), creator))
                    path = item.path_to(f"{group:04X},00xx")
                    reason = "a private block that the tables of the system do not name"
                    self._say("private-block", "", path, spelled(creator), "", state=State.NOTE, reason=reason)

    # -- words -------------------------------------------------------------------------------------------------------

    def _effect(self, readings: tuple[Compiled, ...], what: str) -> Consequence:
        own = next((one.effect for one in readings if one.effect is not None), None)
        return own or self._consequence(what)

    def _consequence(self, what: str) -> Consequence:
        """Return what the system documents for a kind of rule: ``import.value.rtstruct`` before ``import.value``."""
        narrow = self.system.head.consequences.get(f"{self.way}.{what}.{self.plan.iod.kind}")
        return narrow or self.system.consequence(self.way, what)

    def _person(
        self, rule: str, row: RowPlan, path: str, reason: str, sentence: str, found: str = "", *, always: bool = False
    ) -> None:
        if (rule, reason) in self._said:
            return
        self._said.add((rule, reason))
        self.judged.add(rule)
        about = self.about
        finding = Finding(rule, row.section, about, path, found, sentence, State.PERSON, reason=reason)
        self.findings.append(replace(finding, sentence=sentence, always=always))

    def _say(
        self,
        rule: str,
        section: str,
        path: str,
        found: str,
        wanted: str,
        *,
        state: State = State.BROKEN,
        effect: Consequence = NOT_DOCUMENTED,
        reason: str = "",
        sentence: str = "",
    ) -> None:
        if (rule, path + found + wanted) in self._said:
            return  # the table has the row in two modules
        self._said.add((rule, path + found + wanted))
        self.findings.append(
            Finding(rule, section, self.about, path, found, wanted, state, effect, reason=reason, sentence=sentence)
        )


def decide(reading: Compiled, scope: Scope) -> bool | Broken | Unknown | None:
    """Return whether a sentence is kept in a scope; ``None`` if it does not apply, or is a person's alone."""
    if reading.when is not None:
        applies = reading.when.decide(scope)
        if isinstance(applies, Unknown):
            return applies
        if not applies:
            return None
    if reading.check is None:
        return True
    found = reading.check.decide(scope)
    if isinstance(found, Unknown | Broken):
        return found
    return True if found else Broken("")


def _places(verdict: Broken, path: str) -> list[str]:
    """Return the paths that a broken sentence points at."""
    named = [one.path for one in verdict.at if isinstance(one, Item) and one.path]
    return list(dict.fromkeys(named)) or [path]
