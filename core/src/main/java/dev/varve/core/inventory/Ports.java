package dev.varve.core.inventory;

import dev.varve.core.medium.ImageFiles;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What an inventory needs from outside core. Immutable; each port may be called by any thread.
 *
 * @param ids new ones, each different from all before
 * @param jobs where long work runs
 * @param bugs receives unexpected failures of jobs
 */
public record Ports(
    ImageFiles images,
    RunningDisks disks,
    InstantSource clock,
    Supplier<UUID> ids,
    Executor jobs,
    Consumer<Throwable> bugs) {}
