/**
 * The control plane: the command line, and later HTTP in, model changes out.
 *
 * <p>Read {@code Main}, then the commands in {@code dev.varve.http.command}. Opens and closes disks
 * and never touches a byte of one.
 */
@NullMarked
package dev.varve.http;

import org.jspecify.annotations.NullMarked;
