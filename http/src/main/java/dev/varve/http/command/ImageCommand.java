package dev.varve.http.command;

import picocli.CommandLine.Command;

/**
 * {@code varve image}: what can be done with images that nobody serves. Runs on the main thread.
 */
@Command(
    name = "image",
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes, shows, checks and converts VDI images.",
    subcommands = {
      ImageCreateCommand.class,
      ImageInfoCommand.class,
      ImageCheckCommand.class,
      ImageMapCommand.class,
      ImageConvertCommand.class
    })
public final class ImageCommand {}
