/**
 * An XML file in memory that is written again as it was read, byte by byte, except for what was
 * changed.
 *
 * <p>Read {@link dev.varve.core.xml.XmlElement}, then {@link dev.varve.core.xml.XmlReader}. A tree
 * is not thread-safe: one thread at a time reads or changes it. Nothing here opens a file, and
 * nothing knows a machine or what an element means.
 */
@NullMarked
package dev.varve.core.xml;

import org.jspecify.annotations.NullMarked;
