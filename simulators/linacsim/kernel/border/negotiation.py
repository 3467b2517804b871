"""Associations that cost what their peer proposes, not what the server supports.

pynetdicom copies the server's whole list of presentation contexts, deeply, for every association that is requested: with all
storage SOP classes that takes longer than everything else of the association. Here an association borrows the list; it gets
copies of its own as soon as somebody looks at it, and negotiation looks at what has been proposed and at nothing else. And a
UID that has been found valid once is not examined again: an A-ASSOCIATE-RQ can hold a thousand of them, mostly the same ones.
The same goes for what a server supports: all storage SOP classes in all transfer syntaxes are 8,000 UIDs for each peer of a run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydicom.uid import UID
from pynetdicom import AE, DEFAULT_TRANSFER_SYNTAXES, _config, _validators, presentation, utils
from pynetdicom.acse import ACSE
from pynetdicom.association import ServiceUser
from pynetdicom.presentation import PresentationContext

from linacsim.kernel.border import codec
from linacsim.kernel.tasks import current_task

if TYPE_CHECKING:
    from collections.abc import Iterable

_KNOWN_MOST = 4096


class Borrowed(list[PresentationContext]):
    """The server's own contexts, in the hands of an association that must not change them."""


class Chosen(list[PresentationContext]):
    """Copies of those contexts that have been proposed; the others are back as soon as they have been negotiated."""

    def __init__(self, user: ServiceUser, borrowed: Borrowed) -> None:
        self._user, self._borrowed = user, borrowed
        request: Any = user.assoc.requestor.primitive
        wanted = {context._abstract_syntax for context in request.presentation_context_definition_list}
        # none at all is another matter for pynetdicom than none that is wanted
        super().__init__(copy_contexts([one for one in borrowed if one._abstract_syntax in wanted] or borrowed[:1]))

    def give_back(self) -> None:
        """Put the list that was borrowed back in its place."""
        if self._user._contexts is self:
            self._user._contexts = self._borrowed


def borrow(contexts: list[PresentationContext]) -> list[PresentationContext]:
    """Return what stands for copies of `contexts` until somebody looks at them."""
    return Borrowed(contexts)


def copy_contexts(contexts: Iterable[PresentationContext]) -> list[PresentationContext]:
    """Return copies of `contexts`: of each context and its list of transfer syntaxes, for nothing else can be changed."""
    copies = []
    for context in contexts:
        twin = PresentationContext.__new__(PresentationContext)
        twin.__dict__.update(context.__dict__)
        twin._transfer_syntax = list(context._transfer_syntax)
        copies.append(twin)
    return copies


_original_get_contexts = ServiceUser.get_contexts


def get_contexts(self: ServiceUser, cx_type: str) -> list[PresentationContext]:
    """Stand in for ``ServiceUser.get_contexts``: who looks at the contexts that are supported, gets copies."""
    if isinstance(self._contexts, Borrowed):
        self._contexts = copy_contexts(self._contexts)
    return _original_get_contexts(self, cx_type)


_original_negotiate: Any = ACSE._negotiate_as_acceptor


def negotiate_as_acceptor(self: ACSE) -> None:
    """Stand in for ``ACSE._negotiate_as_acceptor``: negotiate with those contexts that have been proposed."""
    user = self.assoc.acceptor
    borrowed, request = user._contexts, self.assoc.requestor.primitive
    if not isinstance(borrowed, Borrowed) or request is None:
        _original_negotiate(self)
        return
    chosen = user._contexts = Chosen(user, borrowed)
    _original_negotiate(self)
    chosen.give_back()


_original_results = presentation.negotiate_as_acceptor


def results_of(proposed: Any, supported: Any, *args: Any, **options: Any) -> Any:
    """Stand in for ``negotiate_as_acceptor``: it is the one that looks at the chosen contexts."""
    results = _original_results(proposed, supported, *args, **options)
    if isinstance(supported, Chosen):
        supported.give_back()
    return results


_original_set_uid = utils.set_uid
_valid: dict[str | bytes, UID] = {}


def set_uid(value: Any, name: str, *args: Any, **options: Any) -> UID | None:
    """Stand in for ``set_uid``: a UID that conforms has to be found so only once."""
    if current_task() is None or not isinstance(value, str | bytes):
        return _original_set_uid(value, name, *args, **options)
    known = _valid.get(value)
    if _config.VALIDATORS["UI"] is _validators.validate_ui:
        if known is not None:
            return known
        if type(value) is UID and codec.is_uid(value):
            # it has come in a message
            return value
    uid = _original_set_uid(value, name, *args, **options)
    if uid is not None and uid.is_valid:
        _remember(_valid, value, uid)
    return uid


_original_add = PresentationContext.add_transfer_syntax
_syntaxes: dict[str | bytes, UID] = {}


def add_transfer_syntax(self: PresentationContext, syntax: Any) -> None:
    """Stand in for ``PresentationContext.add_transfer_syntax``: one that nobody has anything to say about is added."""
    known = _syntaxes.get(syntax) if isinstance(syntax, str | bytes) and current_task() is not None else None
    if known is None:
        _original_add(self, syntax)
        if (
            self._transfer_syntax
            and self._transfer_syntax[-1] == syntax
            and _is_unremarkable(self._transfer_syntax[-1])
        ):
            _remember(_syntaxes, syntax, self._transfer_syntax[-1])
    elif known not in self._transfer_syntax:
        self._transfer_syntax.append(known)


def _is_unremarkable(syntax: UID) -> bool:
    return syntax.is_valid and (syntax.is_private or syntax.is_transfer_syntax)


def _remember(known: dict[str | bytes, UID], value: str | bytes, uid: UID) -> None:
    if len(known) >= _KNOWN_MOST:
        # a peer may make up as many as it likes
        known.clear()
    known[value] = uid


_original_support = AE.add_supported_context


def add_supported_context(
    self: AE, abstract_syntax: Any, transfer_syntax: Any = None, scu_role: Any = None, scp_role: Any = None
) -> None:
    """Stand in for ``AE.add_supported_context``: a SOP class with the same transfer syntaxes is put together once."""
    syntaxes = DEFAULT_TRANSFER_SYNTAXES if transfer_syntax is None else transfer_syntax
    plain = isinstance(abstract_syntax, str) and isinstance(syntaxes, list) and _are_roles(scu_role, scp_role)
    made = _put_together(abstract_syntax, tuple(syntaxes)) if plain and current_task() is not None else None
    if made is None or made.abstract_syntax is None:
        _original_support(self, abstract_syntax, transfer_syntax, scu_role, scp_role)
        return
    context = self._supported_contexts.get(made.abstract_syntax)
    if context is None:
        context = self._supported_contexts[made.abstract_syntax] = copy_contexts([made])[0]
    else:
        # pynetdicom adds to what is there
        context._transfer_syntax += [each for each in made._transfer_syntax if each not in context._transfer_syntax]
    context.scu_role, context.scp_role = scu_role, scp_role


@lru_cache(maxsize=_KNOWN_MOST)
def _put_together(abstract_syntax: str, syntaxes: tuple[str, ...]) -> PresentationContext | None:
    """Return the context that pynetdicom makes of them; ``None`` if it has anything to say about one of the UIDs."""
    if not all(isinstance(each, str) for each in syntaxes):
        return None
    ae = AE()
    _original_support(ae, abstract_syntax, list(syntaxes))
    (context,) = ae.supported_contexts
    known = context.abstract_syntax is not None and context.abstract_syntax.is_valid
    return context if known and all(_is_unremarkable(each) for each in context.transfer_syntax) else None


def _are_roles(*roles: Any) -> bool:
    return all(role is None or isinstance(role, bool) for role in roles)
