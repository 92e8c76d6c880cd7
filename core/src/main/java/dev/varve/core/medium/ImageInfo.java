package dev.varve.core.medium;

import org.jspecify.annotations.Nullable;

/**
 * What an image file says of itself. Immutable.
 *
 * @param id null where the format has none (RAW, ISO)
 * @param parent null for a base
 * @param capacity in bytes
 * @param fileLength in bytes, what decides which of two images survives a merge
 */
public record ImageInfo(
    @Nullable MediumId id,
    ImageFormat format,
    MediumVariant variant,
    @Nullable MediumId parent,
    long capacity,
    long fileLength) {}
