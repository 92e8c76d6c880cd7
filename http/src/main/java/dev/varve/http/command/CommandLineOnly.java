package dev.varve.http.command;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks options of {@code varve serve} that are no keys of the configuration file: what is served
 * only once, or should be asked for each time. All other options are keys.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.TYPE})
@interface CommandLineOnly {}
