"""Command lines: lists of arguments for what parses them with argparse or click, made from what the parser is told to take."""

import ast

import domains
from values import Items, Plain

_PARSING = ("parse_args", "parse_known_args", "parse_intermixed_args")
_WORDS = ("Ann", "notes.txt", "hello", "a b")
_FLAGS = ("store_true", "store_false", "store_const", "count", "append_const")
_ENDING = ("help", "version")  # actions after which a program ends
_NUMBERS = {"int": "int", "float": "float", "integer": "int", "integer range": "int", "float range": "float"}


class Option:
    """One thing that a command line may have: an option by its name, or a positional argument where ``name`` is None."""

    def __init__(self, name, is_flag=False, number=None, choices=(), nargs=None, is_required=False, is_multiple=False):
        self.name = name
        self.is_flag = is_flag
        self.number = number  # "int", "float" or None
        self.choices = choices
        self.nargs = nargs  # as argparse has it; a number as text; None for one value
        self.is_required = is_required
        self.is_multiple = is_multiple


class CommandLines(domains.Fixed):
    """Command lines that the options allow, and now and then one that they do not."""

    def __init__(self, options, constants, commands=()):
        super().__init__([])
        self.options = options
        self.commands = dict(commands)  # name of a sub-command: its CommandLines
        self._ints = domains.Ints(constants)
        self._floats = domains.Floats(constants)
        self._texts = [text for text in constants.texts if text and text.isprintable() and text[0] != "-"] + [*_WORDS]

    def draw(self, rng, depth=0):
        return Items("list", [Plain(text) for text in self.line(rng)])

    def line(self, rng):
        """Return one command line as a list of texts."""
        named, positional = [], []
        rich = rng.choice((0.0, 0.3, 0.6))
        for option in self.options:
            if option.name is None:
                if option.nargs not in ("?", "*") or rng.random() < 0.7:
                    positional += self._values(option, rng)
            elif option.is_required or rng.random() < rich:
                for _ in range(rng.choice((1, 2)) if option.is_multiple else 1):
                    named += [option.name, *([] if option.is_flag else self._values(option, rng))]
        if positional and rng.random() < 0.06:
            positional.pop()
        if self.commands and rng.random() < 0.95:
            name = rng.choice(sorted(self.commands))
            return [*named, *positional, name, *self.commands[name].line(rng)]
        return [*positional, *named]

    def _values(self, option, rng):
        if option.nargs in ("*", "+"):
            count = rng.choice((0, 1, 2, 3)) if option.nargs == "*" else rng.choice((1, 2, 3))
        else:
            count = int(option.nargs) if option.nargs and option.nargs.isdigit() else 1
        return [self._value(option, rng) for _ in range(count)]

    def _value(self, option, rng):
        if option.choices:
            return str(rng.choice(option.choices))
        if option.number and rng.random() < 0.97:
            found = (self._ints if option.number == "int" else self._floats).draw(rng).value
            return str(abs(found) if option.name is None else found)  # a minus would begin an option
        return rng.choice(self._texts)


def parsed_parameter(function):
    """Return the name of the parameter that the function gives to argparse as the command line, or None."""
    names = {argument.arg for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]}
    for call in _calls(function, _PARSING):
        if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id in names:
            return call.args[0].id
    return None


def for_argparse(function, tree, constants):
    """Return the command lines for a function that parses them: by the options of its own, else of the whole module."""
    calls = _calls(function, ("add_argument",)) or _calls(tree, ("add_argument",))
    options = [option for option in map(_from_argparse, calls) if option is not None]
    return CommandLines(options, constants)


def _calls(node, names):
    found = [known for known in ast.walk(node) if isinstance(known, ast.Call)]
    found = [known for known in found if isinstance(known.func, ast.Attribute) and known.func.attr in names]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def _from_argparse(call):
    names = [node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}

    def value(name, default=None):
        node = given.get(name)
        return node.value if isinstance(node, ast.Constant) else default

    action = value("action")
    if not names or action in _ENDING:
        return None
    is_option = names[0].startswith("-")
    choices = given.get("choices")
    nargs = value("nargs")
    return Option(
        max(names, key=len) if is_option else None,
        is_flag=action in _FLAGS,
        number=_NUMBERS.get(getattr(given.get("type"), "id", "")),
        choices=[node.value for node in getattr(choices, "elts", ()) if isinstance(node, ast.Constant)],
        nargs=str(nargs) if nargs is not None else None,
        is_required=is_option and bool(value("required", False)),
        is_multiple=action in ("append", "extend"),
    )


def is_command(thing):
    """Whether the thing is what click makes of a function."""
    return any((kind.__module__, kind.__name__) == ("click.core", "Command") for kind in type(thing).__mro__)


def for_click(command, constants):
    """Return the command lines for a command of click."""
    options = [_from_click(parameter) for parameter in command.params]
    inner = {name: for_click(known, constants) for name, known in getattr(command, "commands", {}).items()}
    return CommandLines(options, constants, inner)


def _from_click(parameter):
    is_option = parameter.param_type_name == "option"
    nargs = {1: None, -1: "+" if parameter.required else "*"}.get(parameter.nargs, str(parameter.nargs))
    if nargs is None and not is_option and not parameter.required:
        nargs = "?"
    return Option(
        max(parameter.opts, key=len) if is_option else None,
        is_flag=is_option and (parameter.is_flag or getattr(parameter, "count", False)),
        number=_NUMBERS.get(parameter.type.name),
        choices=[getattr(choice, "name", choice) for choice in getattr(parameter.type, "choices", ())],
        nargs=nargs,
        is_required=parameter.required,
        is_multiple=getattr(parameter, "multiple", False),
    )
