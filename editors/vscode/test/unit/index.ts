// The parts of the extension that do not know the editor.
import './binary.test';
import './manifest.test';
import './grammar.test';
import './report.test';
import './runs.test';
import './text.test';
