using System.ComponentModel.DataAnnotations;
using Basin.Kernel.FrontDoors;

namespace Basin.Kernel.Tests.FrontDoors;

public sealed class PlacementTests
{
    private static readonly string[] All = ["walker", "listener", "shadow", "gate"];

    [Theory]
    [InlineData("", "walker listener shadow gate")]
    [InlineData("walker", "walker shadow gate")]
    [InlineData("listener", "listener gate")]
    [InlineData(" walker, listener,", "walker listener shadow gate")]
    public void A_process_runs_the_systems_that_are_named_and_what_belongs_to_them(string here, string expected)
    {
        var placement = Placements.Of(new SystemsOptions { Here = here, Address = new Uri("http://b.example") });

        Assert.Equal(expected, string.Join(' ', All.Where(placement.IsHere)));
    }

    [Fact]
    public void A_system_with_an_address_of_its_own_is_found_there()
    {
        var placement = Placements.Of(new SystemsOptions
        {
            Here = "walker",
            Address = new Uri("http://b.example"),
            Addresses = { ["listener"] = new Uri("https://c.example:8443") },
        });

        Assert.Equal(new Uri("https://c.example:8443"), placement.AddressOf("listener"));
    }

    [Theory]
    [InlineData("wlker", "http://b.example", "names 'wlker'. Systems are: listener, walker.")]
    [InlineData("shadow", "http://b.example", "names 'shadow'")]
    [InlineData("walker", null, "Where listener runs is not said")]
    public void A_placement_that_leaves_something_open_refuses_the_start(string here, string? address, string complaint)
    {
        var refused = Assert.Throws<InvalidOperationException>(
            () => Placements.Of(new SystemsOptions { Here = here, Address = address is null ? null : new Uri(address) }));

        Assert.Contains(complaint, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_that_share_the_systems_share_a_database()
    {
        var options = new SystemsOptions { Here = "walker", Address = new Uri("http://b.example") };

        Assert.Contains("Basin:Postgres", Assert.Throws<InvalidOperationException>(() => Placements.Of(options, connectionString: null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://b.example")]
    [InlineData("/b")]
    [InlineData("http://b.example/shop")]
    [InlineData("http://ada:secret@b.example")]
    [InlineData("http://b.example/?q=1")]
    public void An_address_is_a_scheme_and_a_host(string address)
    {
        var options = new SystemsOptions { Address = new Uri(address, UriKind.RelativeOrAbsolute), Addresses = { ["walker"] = new Uri(address, UriKind.RelativeOrAbsolute) } };

        Assert.Equal(2, options.Validate(new ValidationContext(options)).Count());
    }
}
