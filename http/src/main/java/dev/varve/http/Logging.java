package dev.varve.http;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.Logger;

/**
 * What libraries log, on standard error: warnings as one line each, without stack traces;
 * everything that they have to say where {@link Main#debugging}.
 *
 * <p>In code, because reading a configuration file would cost every start a tenth of a second.
 */
public final class Logging extends ContextAwareBase implements Configurator {

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    var layout = new PatternLayout();
    layout.setContext(context);
    layout.setPattern(
        Main.debugging()
            ? "varve: %d{HH:mm:ss.SSS} %-5level [%thread] %logger: %msg%n"
            : "varve: %msg \\(%logger{0}\\)%n%nopex");
    layout.start();
    var encoder = new LayoutWrappingEncoder<ILoggingEvent>();
    encoder.setContext(context);
    encoder.setLayout(layout);
    encoder.start();
    var standardError = new ConsoleAppender<ILoggingEvent>();
    standardError.setContext(context);
    standardError.setTarget("System.err");
    standardError.setEncoder(encoder);
    standardError.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Main.debugging() ? Level.DEBUG : Level.WARN);
    root.addAppender(standardError);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
