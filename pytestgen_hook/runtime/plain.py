"""Calls tests that need nothing of pytest but to be called: most of what pytest does for a test decides nothing there.

Such a test is a plain function or method without fixtures (but what ``parametrize`` gives) and marks. The hooks of other
plugins and of ``conftest.py`` are called; where one takes the place of pytest's own, no test is plain. What else could change
its outcome is as under pytest: the streams, the handlers of logging, the filters of warnings.
"""

import contextlib
import inspect
import os
import sys
import unittest

_HOOKS = (
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_call",
    "pytest_pyfunc_call",
    "pytest_runtest_teardown",
)
_NOT_CALLED = ("pytest_runtest_makereport", "pytest_fixture_setup")
_ONLY_TELLS = ("_hypothesis_pytestplugin",)  # its reports say more, and nothing else


class Plain:
    """Tells which tests of a session are plain, and calls them; ``own`` is the plugin that does not count."""

    def __init__(self, config, own):
        import pytest

        self._config = config
        self._own = own
        python = sys.modules[pytest.Function.__module__]
        self._given = getattr(python, "get_direct_param_fixture_func", None)  # since pytest 8
        self._function = pytest.Function
        self._skips = (pytest.skip.Exception, pytest.xfail.Exception, unittest.SkipTest)
        self._callers = {}
        self._forget = []  # what gives up what tests said
        for name in _HOOKS:
            builtin = [impl.plugin for impl in self._impls(name) if not self._is_foreign(impl)]
            if len(builtin) < len(self._impls(name)):
                self._callers[name] = config.pluginmanager.subset_hook_caller(name, builtin)
        self._is_usual = self._given is not None and not self._is_decided_by_others() and not self._has_errors()

    def _impls(self, name):
        return getattr(self._config.hook, name).get_hookimpls()

    def _is_foreign(self, impl):
        return impl.plugin is not self._own and not impl.function.__module__.startswith("_pytest.")

    def _is_decided_by_others(self):
        """Whether a hook of a plugin takes the place of what pytest does, or would have to be called and is not."""
        return any(
            not self._is_kept(name, impl)
            for name in (*_HOOKS, *_NOT_CALLED)
            for impl in self._impls(name)
            if self._is_foreign(impl)
        )

    def _is_kept(self, name, impl):
        is_wrapper = impl.hookwrapper or getattr(impl, "wrapper", False)
        if name == "pytest_runtest_makereport":
            return impl.function.__module__ in _ONLY_TELLS
        if name in ("pytest_runtest_call", "pytest_pyfunc_call"):
            return is_wrapper or impl.tryfirst  # others would come after ours
        return is_wrapper or name in ("pytest_runtest_setup", "pytest_runtest_teardown")

    def _has_errors(self):
        """Whether warnings are errors: then garbage that is found later may let a test fail."""
        filters = [*self._config.getini("filterwarnings"), *(self._config.known_args_namespace.pythonwarnings or ())]
        return any("error" in one for one in [*filters, *sys.warnoptions])

    def fits(self, item):
        """Whether a test is plain, as far as can be seen without calling it."""
        if not self._is_usual or type(item) is not self._function:
            return False
        if any(mark.name != "parametrize" for mark in item.iter_markers()):
            return False
        params = item.callspec.params if hasattr(item, "callspec") else {}
        fixtures = item._fixtureinfo.name2fixturedefs
        for name in item.fixturenames:
            if name not in params or not fixtures.get(name) or fixtures[name][-1].func is not self._given:
                return False
        if not all(type(node).__module__.startswith("_pytest.") for node in item.listchain()):
            return False
        return not inspect.iscoroutinefunction(item.obj)

    @contextlib.contextmanager
    def around(self, item):
        """Have all as it is while pytest runs a test like the item."""
        from _pytest.logging import catching_logs
        from _pytest.warnings import catch_warnings_for_item

        manager = self._config.pluginmanager
        with contextlib.ExitStack() as stack:
            capture = manager.getplugin("capturemanager")
            if capture is not None:
                capture.resume_global_capture()
                self._forget.append(capture.read_global_capture)
                stack.callback(capture.suspend_global_capture, in_=True)
            logging = manager.getplugin("logging-plugin")
            if logging is not None:  # of a message that cannot be put together its handler makes a failure
                stack.enter_context(catching_logs(logging.caplog_handler, level=logging.log_level))
                self._forget.append(logging.caplog_handler.reset)
            stack.enter_context(
                catch_warnings_for_item(config=self._config, ihook=item.ihook, when="runtest", item=item)
            )
            stack.callback(self._forget.clear)
            yield

    def has_failed(self, item):
        """Call a test; return whether it failed, None where only pytest can say that."""
        outcome = []

        def call(pyfuncitem):
            params = item.callspec.params if hasattr(item, "callspec") else {}
            if item.obj(**{name: params[name] for name in item._fixtureinfo.argnames}) is not None:
                outcome.append(None)
            return True

        def run(item, nextitem):
            try:
                try:
                    self._do("pytest_runtest_setup", item=item)
                    self._do(
                        "pytest_runtest_call",
                        lambda item: self._do("pytest_pyfunc_call", call, pyfuncitem=item),
                        item=item,
                    )
                finally:
                    self._do("pytest_runtest_teardown", item=item, nextitem=None)
            except self._skips:
                pass
            except BaseException:
                outcome.insert(0, True)
            return True

        os.environ["PYTEST_CURRENT_TEST"] = f"{item.nodeid} (call)".replace("\x00", "(null)")
        self._do("pytest_runtest_protocol", run, item=item, nextitem=None)
        os.environ.pop("PYTEST_CURRENT_TEST", None)
        for forget in self._forget:
            forget()
        return outcome[0] if outcome else False

    def _do(self, name, function=None, **arguments):
        """Call a function with the hooks of others of that name around it; without one, these alone."""
        caller = self._callers.get(name)
        if caller is not None:
            caller.call_extra([function] if function else [], arguments)
        elif function is not None:
            function(**arguments)
