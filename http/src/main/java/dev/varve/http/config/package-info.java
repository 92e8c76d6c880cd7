/**
 * The configuration file: what stands in it, each value with its line. A file is data: it includes
 * no other file, and its values name no variables.
 *
 * <p>Read {@link dev.varve.http.config.ConfigFile}. Any thread; reading a file blocks. Knows no
 * option of a command: which keys there are, and what their values may be, is for {@code
 * dev.varve.http.command}.
 */
@NullMarked
package dev.varve.http.config;

import org.jspecify.annotations.NullMarked;
