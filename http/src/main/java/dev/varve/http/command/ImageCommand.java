package dev.varve.http.command;

import picocli.CommandLine.Command;

/** {@code varve image}: works on images that no server uses. Runs on the main thread. */
@Command(
    name = "image",
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes, shows, checks, converts and resizes images.",
    subcommands = {
      ImageCreateCommand.class,
      ImageInfoCommand.class,
      ImageCheckCommand.class,
      ImageMapCommand.class,
      ImageConvertCommand.class,
      ImageResizeCommand.class
    })
public final class ImageCommand {}
