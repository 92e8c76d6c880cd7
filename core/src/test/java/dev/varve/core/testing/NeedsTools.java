package dev.varve.core.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test runs programs of the machine, named as they are called: {@code @NeedsTools({"qemu-img",
 * "nbdinfo"})}.
 *
 * <p>Where one is missing, the test is left out and the run says so at its end. Under {@code
 * -Dvarve.tools=required}, as in CI, it fails instead.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("tools")
@ExtendWith(ToolsCondition.class)
public @interface NeedsTools {
  String[] value();
}
