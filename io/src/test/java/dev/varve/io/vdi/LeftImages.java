package dev.varve.io.vdi;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Looks at every VDI image that a test leaves in a folder of its own, and fails the test if
 * VirtualBox could not go on with it: it must be sound and count the blocks that it has. JUnit
 * finds this by itself.
 */
public final class LeftImages implements AfterEachCallback {

  /** For tests that damage images on purpose, or leave them as a crash does. */
  @Target({ElementType.TYPE, ElementType.METHOD})
  @Retention(RetentionPolicy.RUNTIME)
  public @interface MayBeDamaged {}

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (context.getExecutionException().isPresent()) return;
    if (AnnotationSupport.isAnnotated(context.getTestMethod(), MayBeDamaged.class)
        || AnnotationSupport.isAnnotated(context.getRequiredTestClass(), MayBeDamaged.class))
      return;
    List<Field> folders =
        AnnotationSupport.findAnnotatedFields(
            context.getRequiredTestClass(),
            TempDir.class,
            field -> field.getType() == Path.class,
            HierarchyTraversalMode.TOP_DOWN);
    for (Field field : folders) {
      Object folder =
          ReflectionSupport.tryToReadFieldValue(field, context.getRequiredTestInstance()).get();
      if (folder instanceof Path path && Files.isDirectory(path)) check(path);
    }
  }

  private static void check(Path folder) throws IOException {
    List<Path> images;
    try (var files = Files.walk(folder)) {
      images =
          files
              .filter(file -> file.toString().endsWith(".vdi") && Files.isRegularFile(file))
              .toList();
    }
    for (Path image : images) {
      if (RawImage.isReadable(image)) RawImage.of(image).assertCounted();
    }
  }
}
