package dev.varve.core.journal;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a file holds from now on. Immutable, if the bytes are left alone.
 *
 * @param before what it held when that was decided; null if an earlier version of Varve decided,
 *     which did not say
 */
public record NewContents(Path path, @Nullable Fingerprint before, byte[] bytes) {}
