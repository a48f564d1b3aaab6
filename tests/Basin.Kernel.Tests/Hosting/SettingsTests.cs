using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Tests.Hosting;

public sealed class SettingsTests
{
    /// <summary>Options of these tests.</summary>
    public sealed class VaultOptions
    {
        /// <summary>How many doors there are.</summary>
        public int Doors { get; set; } = 3;

        public string? Password { get; set; }

        public Uri? Server { get; set; }

        public Dictionary<string, int> Floors { get; set; } = [];
    }

    [Fact]
    public void Each_option_says_its_value_its_default_and_where_it_comes_from()
    {
        var settings = Build(["--Basin:Vault:Doors=4"]);

        Assert.Equal(new Setting("Basin:Vault:Doors", "4", "3", "How many doors there are.", "command line"), Find(settings, "Basin:Vault:Doors"));
        Assert.Equal("default", Find(settings, "Basin:Vault:Server").From);
        Assert.Equal("program", Find(settings, "Basin:Store:Directory").From);
    }

    [Fact]
    public void The_last_source_wins_as_in_the_configuration()
    {
        var settings = Build(["--Basin:Store:Directory=from-arguments"]);

        var directory = Find(settings, "Basin:Store:Directory");
        Assert.Equal(("from-arguments", "command line"), (directory.Value, directory.From));
        Assert.Contains("database files", directory.Description);
    }

    [Fact]
    public void Secrets_are_not_shown()
    {
        var settings = Build(["--Basin:Vault:Password=hunter2", "--Basin:Vault:Server=smtp://me:hunter2@mail.example"]);

        Assert.Equal("set, not shown", Find(settings, "Basin:Vault:Password").Value);
        Assert.DoesNotContain(settings.All, setting => setting.ToString().Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void Pairs_are_listed()
    {
        var floors = Find(Build(["--Basin:Vault:Floors:b=2", "--Basin:Vault:Floors:a=1"]), "Basin:Vault:Floors");

        Assert.Equal(("a=1, b=2", "none", "command line"), (floors.Value, floors.Default, floors.From));
    }

    [Fact]
    public void A_section_that_nobody_reads_refuses_the_start()
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => Build(["--Basin:Volt:Doors=4"]).RefuseUnknownSections());

        Assert.Contains("Basin:Volt", refusal.Message);
        Assert.Contains("Vault", refusal.Message);
        Build(["--basin:vault:doors=4"]).RefuseUnknownSections();
    }

    private static Setting Find(Settings settings, string key) => Assert.Single(settings.All, setting => setting.Key == key);

    private static Settings Build(string[] args)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Basin:Store:Directory", "from-program")]).AddCommandLine(args);
        builder.AddOptionsSection<StoreOptions>("Store");
        builder.AddOptionsSection<VaultOptions>("Vault");
        builder.Services.AddSingleton<XmlDocs>().AddSingleton<Settings>();
        return builder.Build().Services.GetRequiredService<Settings>();
    }
}
