/**
 * The attachment model as recorded, and under random and broken circumstances.
 *
 * <p>{@link dev.varve.core.inventory.ScenarioPlayer} plays a recorded case and compares everything
 * that can be seen; other modules use it over real image files.
 */
@NullMarked
package dev.varve.core.inventory;

import org.jspecify.annotations.NullMarked;
