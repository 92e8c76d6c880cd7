package dev.varve.core.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Leaves tests out whose {@link NeedsTools} are not on this machine, or fails them where tools are
 * required.
 */
final class ToolsCondition implements ExecutionCondition {

  private static final boolean REQUIRED = "required".equals(System.getProperty("varve.tools"));

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    List<String> missing =
        AnnotationSupport.findAnnotation(context.getElement(), NeedsTools.class).stream()
            .flatMap(tools -> Arrays.stream(tools.value()))
            .filter(tool -> !installed(tool))
            .toList();
    if (missing.isEmpty()) return ConditionEvaluationResult.enabled("all tools are installed");
    if (REQUIRED)
      throw new AssertionError(
          "-Dvarve.tools=required, and there is no " + String.join(", ", missing));
    LeftOut.of(context).add(context, missing);
    return ConditionEvaluationResult.disabled("there is no " + String.join(", ", missing));
  }

  private static boolean installed(String tool) {
    var path = Arrays.stream(System.getenv("PATH").split(File.pathSeparator));
    return Stream.concat(path, Stream.of("/usr/sbin", "/sbin"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  /** What a run left out; told on standard output when it ends. */
  private static final class LeftOut implements AutoCloseable {
    private final Set<String> tests = new TreeSet<>();
    private final Set<String> tools = new TreeSet<>();

    static LeftOut of(ExtensionContext context) {
      return context
          .getRoot()
          .getStore(ExtensionContext.Namespace.create(LeftOut.class))
          .getOrComputeIfAbsent(LeftOut.class, _ -> new LeftOut(), LeftOut.class);
    }

    synchronized void add(ExtensionContext context, List<String> missing) {
      String test = context.getRequiredTestClass().getSimpleName();
      tests.add(context.getTestMethod().map(method -> test + "." + method.getName()).orElse(test));
      tools.addAll(missing);
    }

    @Override
    public synchronized void close() {
      System.out.println(
          "LEFT OUT, there is no " + String.join(", ", tools) + ": " + String.join(", ", tests));
    }
  }
}
