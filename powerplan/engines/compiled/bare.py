"""Arrays as bare pointers inside compiled code.

numba hands an array from function to function as seven words and more, folds negative indices and clips slices; with
a dozen arrays that costs more than the step itself. A `Flat` is a pointer and its shape: indices are not negative,
`x[first:]` moves the pointer, `x[row]` of a table is its row. Of a fixed one, what was read once holds whatever is
written elsewhere. Imported by `compiling` only; plain Python runs the same functions on the arrays themselves.
"""

# numba's own interfaces carry no types.
# mypy: disable-error-code="no-untyped-call, untyped-decorator, no-any-return"

from __future__ import annotations

import operator
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_getattr, models, register_model


class Flat(types.Type):
    """The type of a C-ordered array of numbers as pointer and shape. A fixed one is never written to."""

    def __init__(self, dtype: Any, ndim: int, is_fixed: bool) -> None:
        self.dtype, self.ndim, self.is_fixed = dtype, ndim, is_fixed
        super().__init__(name=f"{'Fixed' if is_fixed else 'Flat'}({dtype}, {ndim})")


@register_model(Flat)
class FlatModel(models.StructModel):
    """What a Flat is made of."""

    def __init__(self, manager: Any, kind: Flat) -> None:
        members = [("data", types.CPointer(kind.dtype)), ("shape", types.UniTuple(types.intp, kind.ndim))]
        super().__init__(manager, kind, members)


@intrinsic
def flat(_: Any, array: Any) -> Any:
    """The Flat of an array."""
    return _made(Flat(array.dtype, array.ndim, is_fixed=False), array)


@intrinsic
def fixed(_: Any, array: Any) -> Any:
    """The Flat of an array that is only read."""
    return _made(Flat(array.dtype, array.ndim, is_fixed=True), array)


def _made(kind: Flat, array: Any) -> Any:
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = context.make_array(sig.args[0])(context, builder, args[0])
        made = cgutils.create_struct_proxy(kind)(context, builder)
        made.data, made.shape = given.data, given.shape
        return made._getvalue()

    return signature(kind, array), build


def _indices(index: Any) -> int:
    """How many axes an index takes; 0 where it is none of ours."""
    if isinstance(index, types.Integer):
        return 1
    parts: tuple[Any, ...] = tuple(getattr(index, "types", ()))
    return len(parts) if all(isinstance(one, types.Integer) for one in parts) else 0


@infer_global(operator.getitem)
class GetItem(AbstractTemplate):
    """An element, a row, or the rest of an array from an index on."""

    def generic(self, args: Any, _: Any) -> Any:
        """Type of what is got."""
        kind, index = args
        if not isinstance(kind, Flat):
            return None
        if isinstance(index, types.SliceType) and kind.ndim == 1:
            return signature(kind, kind, index)
        left = kind.ndim - _indices(index)
        return signature(kind.dtype if left == 0 else Flat(kind.dtype, left, kind.is_fixed), kind, index)


@infer_global(operator.setitem)
class SetItem(AbstractTemplate):
    """One element."""

    def generic(self, args: Any, _: Any) -> Any:
        """Type of what is set."""
        kind, index, _ = args
        if not isinstance(kind, Flat) or kind.is_fixed or _indices(index) != kind.ndim:
            return None
        return signature(types.none, kind, index, kind.dtype)


@infer_getattr
class Attributes(AttributeTemplate):
    """The shape."""

    key = Flat

    def resolve_shape(self, kind: Flat) -> Any:
        """Type of the shape."""
        return types.UniTuple(types.intp, kind.ndim)


@lower_getattr(Flat, "shape")
def _shape(context: Any, builder: Any, kind: Flat, value: Any) -> Any:
    return cgutils.create_struct_proxy(kind)(context, builder, value).shape


def _place(context: Any, builder: Any, kind: Flat, given: Any, index_type: Any, index: Any) -> tuple[Any, list[Any]]:
    """Pointer to where an index leads, and the lengths of the axes that are left."""
    single = isinstance(index_type, types.Integer)
    parts = [index] if single else cgutils.unpack_tuple(builder, index, len(index_type))
    kinds = [index_type] if single else list(index_type)
    lengths = cgutils.unpack_tuple(builder, given.shape, kind.ndim)
    place = None
    for axis in range(kind.ndim):
        if axis < len(parts):
            step = context.cast(builder, parts[axis], kinds[axis], types.intp)
            place = step if place is None else builder.add(place, step)
        if axis + 1 < kind.ndim:
            place = builder.mul(place, lengths[axis + 1])
    return builder.gep(given.data, [place], inbounds=True), lengths[len(parts):]


@lower_builtin(operator.getitem, Flat, types.Any)
def _get(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, index_type = sig.args
    given = cgutils.create_struct_proxy(kind)(context, builder, args[0])
    if isinstance(index_type, types.SliceType):
        first = context.make_helper(builder, index_type, args[1]).start
        made = cgutils.create_struct_proxy(kind)(context, builder)
        made.data, made.shape = builder.gep(given.data, [first], inbounds=True), given.shape
        return made._getvalue()
    pointer, left = _place(context, builder, kind, given, index_type, args[1])
    if not left:
        found = builder.load(pointer)
        if kind.is_fixed:  # so that writing to other arrays does not make it read again
            found.set_metadata("invariant.load", builder.module.add_metadata([]))
        return found
    made = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    made.data, made.shape = pointer, cgutils.pack_array(builder, left)
    return made._getvalue()


@lower_builtin(operator.setitem, Flat, types.Any, types.Any)
def _set(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, index_type, value_type = sig.args
    given = cgutils.create_struct_proxy(kind)(context, builder, args[0])
    pointer, _ = _place(context, builder, kind, given, index_type, args[1])
    builder.store(context.cast(builder, args[2], value_type, kind.dtype), pointer)
    return context.get_dummy_value()
