/** What the tests of all modules share. Read {@link dev.varve.core.testing.NeedsTools}. */
@NullMarked
package dev.varve.core.testing;

import org.jspecify.annotations.NullMarked;
