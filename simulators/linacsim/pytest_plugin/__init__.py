"""The pytest plugin: a `bench` for every test that asks for one, and scenario files as tests.

::

    def test_a_silent_archive_is_given_up_after_30_seconds(bench):
        bench.add("storage", "ARCHIVE")
        bench.arm("ARCHIVE", [fault("accept-then-silent")])
        assert not my_stack.send(images, *bench.address_of("ARCHIVE"))

It is loaded by its entry point wherever linacsim is installed; a session that uses no bench pays for nothing but this
package's own small modules.

- `options` - command line, ini keys, the seed of the session and of each test
- `running` - the fixture, the clock as a parameter, the test on bench time
- `checking` - what is looked at after a test
- `telling` - what a failure says, and the run folder that it leaves
- `files` - scenario files as items
"""

from linacsim.pytest_plugin.files import pytest_collect_file as pytest_collect_file
from linacsim.pytest_plugin.options import pytest_addoption as pytest_addoption
from linacsim.pytest_plugin.options import pytest_configure as pytest_configure
from linacsim.pytest_plugin.options import pytest_report_header as pytest_report_header
from linacsim.pytest_plugin.options import pytest_sessionfinish as pytest_sessionfinish
from linacsim.pytest_plugin.running import bench as bench
from linacsim.pytest_plugin.running import bench_clock as bench_clock
from linacsim.pytest_plugin.running import bench_config as bench_config
from linacsim.pytest_plugin.running import bench_run as bench_run
from linacsim.pytest_plugin.running import pytest_generate_tests as pytest_generate_tests
from linacsim.pytest_plugin.running import pytest_pyfunc_call as pytest_pyfunc_call
from linacsim.pytest_plugin.telling import pytest_runtest_makereport as pytest_runtest_makereport
