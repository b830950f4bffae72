"""The style rules find what they forbid, and the project keeps them."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_style  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]


class Planted(unittest.TestCase):
    def problems_of(self, name, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            return list(check_style.check(pathlib.Path(folder)))

    def test_core_must_not_include_adapters(self):
        problems = self.problems_of("core/book.hpp", '#include "adapters/venues/venue.hpp"\n')
        self.assertEqual(len(problems), 1)
        self.assertIn("core/book.hpp:1: core must not include adapters", problems[0])

    def test_adapters_and_storage_must_not_know_each_other(self):
        self.assertTrue(self.problems_of("adapters/a.cpp", '#include "storage/journal.hpp"\n'))
        self.assertTrue(self.problems_of("storage/a.cpp", '#include "adapters/nats/x.hpp"\n'))

    def test_caf_stays_in_actors(self):
        self.assertTrue(self.problems_of("storage/a.cpp", "#include <caf/actor.hpp>\n"))
        self.assertFalse(self.problems_of("actors/a.cpp", "#include <caf/actor.hpp>\n"))

    def test_floating_point_is_found_but_not_in_comments_or_texts(self):
        self.assertTrue(self.problems_of("core/a.cpp", "double price = 0;\n"))
        self.assertTrue(self.problems_of("adapters/venues/a.cpp", "float f;\n"))
        self.assertFalse(self.problems_of("core/a.cpp", '// no double\nauto t = "double";\n'))

    def test_long_files_are_found(self):
        self.assertTrue(self.problems_of("core/a.cpp", "\n" * 451))

    def test_sleeps_in_tests_are_found(self):
        self.assertTrue(self.problems_of("tests/a.cpp", "std::this_thread::sleep_for(x);\n"))

    def test_a_venue_without_a_page_is_found(self):
        text = "const venue_registration<x_venue> registered;\n"
        self.assertIn("docs/venues/x-y.md: missing",
                      self.problems_of("adapters/venues/x_y.cpp", text))


class Project(unittest.TestCase):
    def test_the_project_keeps_the_rules(self):
        self.assertEqual(list(check_style.check(ROOT)), [])


if __name__ == "__main__":
    unittest.main()
