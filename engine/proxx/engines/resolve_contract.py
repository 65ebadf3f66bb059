"""Holds any Resolve object, real or simulated, to the contract: whatever is not documented is refused, not tried.

This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from proxx.engines.resolve_values import Trouble

Tell = Callable[[Dict[str, Any]], None]
"""Hears of every call before it is made, and again when it has come back."""

TYPES: Dict[str, type] = {"str": str, "bool": bool, "int": int, "float": float, "dict": dict, "list": list}


class ContractError(Trouble):
    """A call that the contract does not allow, or an answer that it does not know."""

    def __init__(self, call: str, argument: str, cause: str) -> None:
        super().__init__("contract", call, argument, cause)


def numbers(version: str) -> Tuple[int, ...]:
    """The first three numbers of a version, for comparing; a part that is no number ends it."""
    found: List[int] = []
    for part in version.strip().split(".")[:3]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
    return tuple(found + [0] * (3 - len(found)))


class Line:
    """What all proxies of one connection share: the contract, the version in front of us, and who hears of calls."""

    def __init__(self, contract: Mapping[str, Any], tell: Tell) -> None:
        self.contract, self.tell = contract, tell
        self.version = numbers(contract["floor"])
        self.count = 0

    def is_newer(self, since: str) -> bool:
        """Whether something came later than the version in front of us."""
        return numbers(since) > self.version


def wrap(resolve: Any, contract: Mapping[str, Any], tell: Tell) -> Any:
    """The Resolve object behind a proxy; until its version is known it is taken for the contract's floor."""
    return ContractProxy(resolve, "Resolve", Line(contract, tell))


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a type of the contract. True and False are no numbers; an int is also a float."""
    if kind in ("int", "float") and isinstance(value, bool):
        return False
    if kind == "float":
        return isinstance(value, (int, float))
    if kind in TYPES:
        return isinstance(value, TYPES[kind])
    return isinstance(value, ContractProxy) and value._class == kind


class ContractProxy:
    """One object of the contract. Attributes that are not its methods do not exist."""

    def __init__(self, target: Any, name: str, line: Line) -> None:
        self._target, self._class, self._line = target, name, line

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = "%s.%s" % (self._class, name)
        method = self._line.contract["classes"][self._class]["methods"].get(name)
        if method is None:
            raise ContractError(call, "", "the contract has no such method")
        if self._line.is_newer(method["since"]):
            raise ContractError(call, "", "this Resolve is older than the method, which came with %s" % method["since"])
        if name not in dir(self._target):  # hasattr() is true for every name
            raise ContractError(call, "", "this Resolve does not have the method")
        return lambda *arguments: self._make(call, name, method, arguments)

    def _make(self, call: str, name: str, method: Mapping[str, Any], arguments: Sequence[Any]) -> Any:
        self._check(call, method["parameters"], arguments)
        self._line.count += 1
        number = self._line.count
        self._line.tell(
            {"event": "call", "number": number, "call": call, "arguments": [plain(one) for one in arguments]}
        )
        answer = getattr(self._target, name)(*[bare(one) for one in arguments])
        self._line.tell({"event": "answered", "number": number})
        made = self._answer(call, method, answer)
        if call == "Resolve.GetVersionString" and made:
            self._line.version = numbers(made)
        return made

    def _check(self, call: str, parameters: Sequence[Mapping[str, Any]], arguments: Sequence[Any]) -> None:
        least = len([one for one in parameters if not one["type"].endswith("?")])
        if not least <= len(arguments) <= len(parameters):
            raise ContractError(call, "", "it takes %d arguments, not %d" % (least, len(arguments)))
        for parameter, value in zip(parameters, arguments):
            kind = parameter["type"].rstrip("?").partition("[")[0]
            if not is_of(value, kind):
                cause = "%s must be %s, not %s" % (parameter["name"], kind, kind_of(value))
                raise ContractError(call, parameter["name"], cause)
        if call == "Project.SetRenderSettings":
            for key, value in arguments[0].items():
                self._check_setting(call, key, value)

    def _check_setting(self, call: str, key: str, value: Any) -> None:
        known = self._line.contract["render_settings"].get(key)
        if known is None:
            raise ContractError(call, key, "the contract has no render setting of this name")
        if self._line.is_newer(known.get("since", "0")):
            raise ContractError(
                call, key, "this Resolve is older than the setting, which came with %s" % known["since"]
            )
        if not any(is_of(value, kind) for kind in known["type"].split("|")):
            raise ContractError(call, key, "it must be %s, not %s" % (known["type"], kind_of(value)))

    def _answer(self, call: str, method: Mapping[str, Any], answer: Any) -> Any:
        """The answer, its objects wrapped; what is neither documented nor a documented failure is refused."""
        if is_failure(answer, method["failure"]):
            return answer
        for kind in method["returns"].rstrip("?").split("|"):
            outer, _, inner = kind.partition("[")
            if outer in self._line.contract["classes"]:
                if answer is not None and not isinstance(answer, (str, bool, int, float, dict, list)):
                    return ContractProxy(answer, outer, self._line)
            elif outer == "none" and answer is None:
                return None
            elif is_of(answer, outer):
                name = inner.rstrip("]")
                return [ContractProxy(one, name, self._line) for one in answer] if name else answer
        cause = "it answered %s, where %s is documented" % (kind_of(answer), method["returns"])
        raise ContractError(call, "", cause)


def is_failure(answer: Any, failures: Sequence[Any]) -> bool:
    """Whether an answer is one of the documented failures: of the same type too, for None is not '' and 0 not False."""
    return any(type(answer) is type(one) and answer == one for one in failures)


def bare(value: Any) -> Any:
    """What Resolve is given: its own objects."""
    if isinstance(value, ContractProxy):
        return value._target
    return [bare(one) for one in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """An argument as a breadcrumb tells it: objects by their class."""
    if isinstance(value, ContractProxy):
        return "<%s>" % value._class
    return [plain(one) for one in value] if isinstance(value, list) else value


def kind_of(value: Any) -> str:
    """A value's type in words, and the value where it is a short one."""
    if isinstance(value, ContractProxy):
        return value._class
    if value is None or isinstance(value, (str, bool, int, float)):
        return "%s %r" % (type(value).__name__, value) if value is not None else "None"
    return type(value).__name__
